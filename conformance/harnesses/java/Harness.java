// A harness, and the small client that it drives: JDK 17 or newer, nothing to install or to build.
//
// docs/harness.md describes the protocol. Try it with: aep-export harness smoke -- java Harness.java

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

import static java.nio.charset.StandardCharsets.UTF_8;

/** The commands of the protocol: requests come in on standard input, answers go out on standard output, a line each. */
public final class Harness {
    private Client client;

    public static void main(String[] arguments) throws IOException {
        var harness = new Harness();
        var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        var out = new PrintStream(System.out, true, UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            Map<String, Object> request = Json.object(Json.parse(line));
            var told = new LinkedHashMap<String, Object>();
            told.put("seq", request.get("seq"));
            told.putAll(harness.answer(request));
            out.println(Json.write(told));
            if ("stop".equals(request.get("cmd"))) {
                break;
            }
        }
    }

    private Map<String, Object> answer(Map<String, Object> request) {
        try {
            return Map.of("result", result(request));
        } catch (ClientException error) {
            return Map.of("failed", Map.of("message", error.getMessage(), "errors", error.errors));
        } catch (Exception error) {
            var trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            return Map.of("errored", Map.of("message", error.toString(), "traceback", trace.toString()));
        }
    }

    private Map<String, Object> result(Map<String, Object> request) throws IOException, InterruptedException {
        var job = (String) request.get("job");
        switch ((String) request.get("cmd")) {
            case "start":
                return start(request);
            case "create_dataset":
                return Map.of("id", client.createDataset((String) request.get("name")));
            case "create_job":
                return client.createJob((String) request.get("dataset")).shown();
            case "get_job":
                return client.getJob(job).shown();
            case "list_jobs":
                return Map.of("jobs", client.listJobs().stream().map(Job::shown).toList());
            case "wait_for_job":
                return client.waitForJob(job).shown();
            case "cancel_job":
                client.cancelJob(job);
                return Map.of();
            case "read_rows":
                return Map.of("files", client.download(job));
            case "stop":
                return Map.of();
            default:
                throw new IllegalArgumentException("there is no command " + request.get("cmd"));
        }
    }

    private Map<String, Object> start(Map<String, Object> request) {
        if (!Long.valueOf(1).equals(request.get("version"))) {
            throw new IllegalArgumentException("this harness speaks version 1 of the protocol");
        }
        client = new Client(request);
        var language = "Java " + Runtime.version().feature();
        return Map.of("name", "sample client", "language", language, "version", "1");
    }
}

/** What the client reports: the API refused, gave no answer or a strange one, or the job failed. */
final class ClientException extends RuntimeException {
    final List<Map<String, Object>> errors;

    ClientException(String message) {
        this(message, List.of());
    }

    ClientException(String message, List<Map<String, Object>> errors) {
        super(message);
        this.errors = errors;
    }
}

/** An export job, from any of its documented forms. */
record Job(String id, String status, String dataset, List<String> batches, List<Map<String, Object>> errors) {
    static Job of(Object node) {
        Map<String, Object> document = Json.object(node);
        if (document.get("id") == null || document.get("status") == null) {
            throw new ClientException("an answer is no export job");
        }
        Map<String, Object> destination = Json.object(document.get("destination"));
        Object dataset = destination.getOrDefault("datasetId", destination.get("dataSetId"));
        return new Job(
            id(document.get("id")),
            String.valueOf(document.get("status")),
            dataset == null ? "" : String.valueOf(dataset),
            batches(destination),
            Json.list(document.get("errors")).stream().map(Job::error).toList());
    }

    Map<String, Object> shown() {
        return Map.of("id", id, "status", status, "errors", errors);
    }

    /** An id as a text, whether it is a text, a whole number, or one with a fraction of nothing. */
    private static String id(Object value) {
        boolean whole = value instanceof Double number && number == Math.rint(number);
        return String.valueOf(whole ? ((Double) value).longValue() : value);
    }

    private static List<String> batches(Map<String, Object> destination) {
        Object several = destination.get("batches");
        List<Object> each = several instanceof Map ? List.of(several) : Json.list(several);
        List<Object> ids = new ArrayList<>();
        each.forEach(batch -> ids.add(Json.object(batch).get("batchId")));
        if (each.isEmpty()) {
            ids.add(destination.get("batchId"));
        }
        return ids.stream().filter(id -> id != null && !id.equals("")).map(String::valueOf).toList();
    }

    private static Map<String, Object> error(Object node) {
        Map<String, Object> error = Json.object(node);
        var code = String.valueOf(error.getOrDefault("code", ""));
        return Map.of("code", code, "message", String.valueOf(error.getOrDefault("msg", "")));
    }
}

/** A client of the export jobs of one tenant. */
final class Client {
    private static final String JOBS = "/data/core/ups/export/jobs";
    private static final String FILES = "/data/foundation/export";
    private static final String DATASETS = "/data/foundation/catalog/dataSets";
    private static final Map<String, Object> UNION = Map.of(
        "id", "https://ns.adobe.com/xdm/context/profile__union",
        "contentType", "application/vnd.adobe.xed+json;version=1");
    private static final Pattern REFERENCE = Pattern.compile("@/data[sS]ets/([^/]+)");
    private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+|\\*)");
    private static final int ATTEMPTS = 5;
    /** How often a file is tried that keeps being cut. */
    private static final int DOWNLOADS = 8;
    /** The longest Retry-After that is obeyed, in seconds. */
    private static final double PATIENCE = 300;
    /** Pages in a row without anything new after which a list is taken for endless. */
    private static final int BARREN = 10;

    private final HttpClient http = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(20))
        .build();
    private final String url;
    private final String imsUrl;
    private final Map<String, Object> credentials;
    private final double poll;
    private final double timeout;
    private final Path output;
    private String token = "";
    private Instant tokenUntil = Instant.MIN;

    Client(Map<String, Object> request) {
        url = (String) request.get("url");
        imsUrl = (String) request.get("ims_url");
        credentials = Json.object(request.get("credentials"));
        poll = ((Number) request.get("poll_seconds")).doubleValue();
        timeout = ((Number) request.get("timeout_seconds")).doubleValue();
        output = Path.of((String) request.get("output"));
    }

    String createDataset(String name) throws InterruptedException {
        List<Object> found = Json.list(json("POST", url + DATASETS, Map.of("name", name, "schemaRef", UNION)));
        Matcher reference = REFERENCE.matcher(found.isEmpty() ? "" : String.valueOf(found.get(0)));
        if (!reference.matches()) {
            throw new ClientException("the answer to a new dataset is no reference to one");
        }
        return reference.group(1);
    }

    Job createJob(String dataset) throws InterruptedException {
        Map<String, Object> schema = Map.of("name", "_xdm.context.profile");
        Map<String, Object> payload = Map.of("destination", Map.of("datasetId", dataset), "schema", schema);
        return Job.of(json("POST", url + JOBS, payload));
    }

    Job getJob(String id) throws InterruptedException {
        return Job.of(json("GET", url + JOBS + "/" + encoded(id), null));
    }

    List<Job> listJobs() throws InterruptedException {
        List<Job> jobs = new ArrayList<>();
        pages(url + JOBS, "records", "offset", item -> String.valueOf(item.get("id")), item -> jobs.add(Job.of(item)));
        return jobs;
    }

    /** The job when it has succeeded; a status that is not known is neither success nor the end. */
    Job waitForJob(String id) throws InterruptedException {
        long deadline = System.nanoTime() + (long) (timeout * 1e9);
        while (true) {
            Job job = getJob(id);
            if (job.status().equals("SUCCEEDED")) {
                return job;
            }
            if (Set.of("FAILED", "CANCELLED").contains(job.status())) {
                throw new ClientException("job " + id + " ended as " + job.status(), job.errors());
            }
            double left = (deadline - System.nanoTime()) / 1e9;
            if (left <= 0) {
                throw new ClientException("job " + id + " is still " + job.status() + " after " + timeout + " s");
            }
            sleep(Math.min(poll, left));
        }
    }

    /** The answer is empty, or a message whether it will be done. */
    void cancelJob(String id) throws InterruptedException {
        String body = text(call("DELETE", url + JOBS + "/" + encoded(id), null, Map.of()));
        if (!body.isBlank() && Boolean.FALSE.equals(Json.object(parsed(body)).get("status"))) {
            throw new ClientException("job " + id + " was not marked for cancelling");
        }
    }

    /** Download every file of every batch of a job, and return the paths below the output folder. */
    List<String> download(String id) throws IOException, InterruptedException {
        List<String> paths = new ArrayList<>();
        for (String batch : waitForJob(id).batches()) {
            for (Entry entry : entries(batch)) {
                paths.add(fetch(batch, entry, paths));
            }
        }
        return paths;
    }

    private record Entry(String name, long length, String url) {}

    /** The entries of a batch that have bytes: each listed file is opened for its own. */
    private List<Entry> entries(String batch) throws InterruptedException {
        List<Entry> entries = new ArrayList<>();
        Set<String> opened = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(url + FILES + "/batches/" + encoded(batch) + "/files"));
        while (!open.isEmpty()) {
            String listed = open.remove();
            Function<Map<String, Object>, String> key =
                item -> String.valueOf(item.getOrDefault("name", item.get("dataSetFileId")));
            pages(listed, "data", "start", key, item -> {
                if (item.containsKey("name")) {
                    entries.add(entry(item, listed));
                } else if (opened.add(String.valueOf(item.get("dataSetFileId")))) {
                    open.add(url + FILES + "/files/" + encoded(String.valueOf(item.get("dataSetFileId"))));
                }
            });
        }
        return entries;
    }

    private Entry entry(Map<String, Object> item, String listed) {
        var name = String.valueOf(item.get("name"));
        Object href = Json.object(Json.object(item.get("_links")).get("self")).get("href");
        String target = href instanceof String link && !link.isEmpty() ? link : listed + "?path=" + encoded(name);
        try {
            long length = Long.parseLong(String.valueOf(item.get("length")));
            return new Entry(name, length, own(resolved(url + "/", target)).toString());
        } catch (NumberFormatException error) {
            throw new ClientException(name + " has no length");
        }
    }

    /** A file's bytes, whole: what was cut is gone on with, and only what is complete gets its name. */
    private String fetch(String batch, Entry entry, List<String> taken) throws IOException, InterruptedException {
        String place = safe(batch) + "/" + safe(entry.name());
        String target = taken.contains(place) ? safe(batch) + "/" + taken.size() + "-" + safe(entry.name()) : place;
        Path whole = output.resolve(target);
        Path part = output.resolve(target + ".part");
        Files.createDirectories(whole.getParent());
        try (var file = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            receive(file, entry);
            Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
        return target;
    }

    private void receive(FileChannel file, Entry entry) throws IOException, InterruptedException {
        for (int attempt = 1; attempt <= DOWNLOADS; attempt++) {
            if (attempt > 1) {
                sleep(Math.min(pauseAfter(attempt - 1), 2));
            }
            long before = file.position();
            Map<String, String> headers = new LinkedHashMap<>();
            headers.put("Accept", "application/parquet, application/octet-stream");
            headers.put("Accept-Encoding", "identity");
            if (before > 0) {
                headers.put("Range", "bytes=" + before + "-");
            }
            land(call("GET", entry.url(), null, headers), file, entry);
            if (file.position() == entry.length()) {
                return;
            }
        }
        String arrived = file.position() + " of " + entry.length() + " bytes arrived";
        throw new ClientException(entry.name() + ": " + arrived + " in " + DOWNLOADS + " attempts");
    }

    /** Write a body where it belongs, as far as it comes. */
    private static void land(HttpResponse<InputStream> answer, FileChannel file, Entry entry) throws IOException {
        Matcher range = RANGE.matcher(answer.headers().firstValue("content-range").orElse(""));
        boolean part = answer.statusCode() == 206;
        boolean known = part && range.matches();
        String total = known ? range.group(2) : answer.headers().firstValue("content-length").orElse("*");
        if ((known || !part) && !total.equals("*") && Long.parseLong(total) != entry.length()) {
            String announced = entry.name() + " was announced with " + entry.length() + " bytes";
            throw new ClientException(announced + ", but the server has " + total);
        }
        long at = known ? Long.parseLong(range.group(1)) : 0;
        boolean usable = (known || !part) && at <= file.position();
        file.position(usable ? at : 0).truncate(usable ? at : 0);
        try (InputStream body = answer.body()) {
            byte[] chunk = new byte[1 << 16];
            for (int count; usable && (count = body.read(chunk)) > 0; ) {
                if (file.position() + count > entry.length()) {
                    throw new ClientException(entry.name() + " is longer than the " + entry.length() + " bytes announced");
                }
                file.write(ByteBuffer.wrap(chunk, 0, count));
            }
        } catch (IOException cut) {
            // What arrived is kept, and the next attempt goes on from there.
        }
    }

    /** The items of a list, each once, page by page; links are followed on this host only. */
    private void pages(
        String first, String member, String parameter,
        Function<Map<String, Object>, String> key, Consumer<Map<String, Object>> take
    ) throws InterruptedException {
        Set<String> asked = new HashSet<>();
        Set<String> seen = new HashSet<>();
        int received = 0;
        int barren = 0;
        for (String next = first; next != null; ) {
            if (!asked.add(next) || barren == BARREN) {
                throw new ClientException("the list does not advance");
            }
            Map<String, Object> page = Json.object(json("GET", next, null));
            if (!(page.get(member) instanceof List)) {
                throw new ClientException("a page has no " + member);
            }
            List<Object> items = Json.list(page.get(member));
            int before = seen.size();
            for (Object item : items) {
                if (seen.add(key.apply(Json.object(item)))) {
                    take.accept(Json.object(item));
                }
            }
            received += items.size();
            barren = seen.size() > before ? 0 : barren + 1;
            next = following(next, page, parameter, received);
        }
    }

    /** The next page's address: the query of the link, or what the total says to be missing; null at the end. */
    private String following(String current, Map<String, Object> page, String parameter, int received) {
        String link = link(page);
        Map<String, String> query = query(URI.create(current));
        if (link.isEmpty()) {
            Object count = Json.object(page.get("_page")).get("count");
            if (!(count instanceof Number total) || total.longValue() <= received) {
                return null;
            }
            query.put(parameter, String.valueOf(received));
        } else if (!link.contains("/") && !link.contains("?")) {
            query.put(parameter, link);
        } else {
            query.putAll(query(own(resolved(current, link))));
        }
        return current.split("\\?")[0] + "?" + query.entrySet().stream()
            .map(each -> encoded(each.getKey()) + "=" + encoded(each.getValue())).collect(Collectors.joining("&"));
    }

    private static String link(Map<String, Object> page) {
        for (String holder : List.of("link", "page", "_links")) {
            Object next = Json.object(page.get(holder)).get("next");
            Object value = next instanceof Map ? Json.object(next).get("href") : next;
            if (value instanceof String text && !text.isBlank()) {
                return text.strip();
            }
        }
        return "";
    }

    private static Map<String, String> query(URI target) {
        Map<String, String> query = new LinkedHashMap<>();
        String raw = Optional.ofNullable(target.getRawQuery()).orElse("");
        for (String pair : raw.split("&")) {
            if (!pair.isEmpty()) {
                String[] halves = pair.split("=", 2);
                query.put(URLDecoder.decode(halves[0], UTF_8), halves.length > 1 ? URLDecoder.decode(halves[1], UTF_8) : "");
            }
        }
        return query;
    }

    private static URI resolved(String base, String link) {
        try {
            return URI.create(base).resolve(link);
        } catch (IllegalArgumentException error) {
            throw new ClientException("a link is no address");
        }
    }

    private URI own(URI target) {
        URI base = URI.create(url);
        boolean ours = base.getScheme().equalsIgnoreCase(target.getScheme())
            && base.getHost().equalsIgnoreCase(target.getHost()) && port(base) == port(target);
        if (!ours) {
            throw new ClientException("a link leads away, to " + target.getHost());
        }
        return target;
    }

    private static int port(URI target) {
        return target.getPort() != -1 ? target.getPort() : "https".equalsIgnoreCase(target.getScheme()) ? 443 : 80;
    }

    private Object json(String method, String target, Object payload) throws InterruptedException {
        return parsed(text(call(method, target, payload, Map.of())));
    }

    /** An answer with a good status; a token that is refused is renewed once. */
    private HttpResponse<InputStream> call(String method, String target, Object payload, Map<String, String> headers)
        throws InterruptedException {
        for (boolean again = true; ; again = false) {
            String sent = accessToken();
            var request = HttpRequest.newBuilder(URI.create(target)).timeout(Duration.ofSeconds(60))
                .method(method, payload == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(Json.write(payload), UTF_8))
                .setHeader("Accept", "application/json")
                .setHeader("Accept-Encoding", "gzip")
                .setHeader("Authorization", "Bearer " + sent)
                .setHeader("x-api-key", (String) credentials.get("client_id"))
                .setHeader("x-gw-ims-org-id", (String) credentials.get("org_id"))
                .setHeader("x-sandbox-name", (String) credentials.get("sandbox"));
            if (payload != null) {
                request.setHeader("Content-Type", "application/json");
            }
            headers.forEach(request::setHeader);
            HttpResponse<InputStream> answer = exchange(request.build(), !method.equals("POST"));
            if (answer.statusCode() != 401 || !again) {
                return settled(answer);
            }
            text(answer);
            if (token.equals(sent)) {
                tokenUntil = Instant.MIN;
            }
        }
    }

    private String accessToken() throws InterruptedException {
        Instant asked = Instant.now();
        if (asked.isBefore(tokenUntil)) {
            return token;
        }
        String form = "grant_type=client_credentials"
            + "&client_id=" + encoded((String) credentials.get("client_id"))
            + "&client_secret=" + encoded((String) credentials.get("client_secret"))
            + "&scope=" + encoded((String) credentials.get("scopes"));
        var request = HttpRequest.newBuilder(URI.create(imsUrl)).timeout(Duration.ofSeconds(60))
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        Map<String, Object> document = Json.object(parsed(text(settled(exchange(request, true)))));
        if (!(document.get("access_token") instanceof String given)) {
            throw new ClientException("the token's answer has no token");
        }
        double told = document.get("expires_in") instanceof Number number ? number.doubleValue() : 86399;
        double life = told > 1_000_000 ? told / 1000 : told; // an older exchange counts in milliseconds
        token = given;
        tokenUntil = asked.plusMillis((long) (1000 * (life - Math.min(60, life / 10))));
        return token;
    }

    /** Send a request, and again where that is wise: `safe` says that acting twice is as good as once. */
    private HttpResponse<InputStream> exchange(HttpRequest request, boolean safe) throws InterruptedException {
        String about = request.method() + " " + request.uri().getPath();
        for (int attempt = 1; ; attempt++) {
            HttpResponse<InputStream> answer;
            try {
                answer = whole(http.send(request, HttpResponse.BodyHandlers.ofInputStream()));
            } catch (IOException error) {
                if (!safe || attempt == ATTEMPTS) {
                    throw new ClientException(about + ": no answer arrived (" + error + ")");
                }
                sleep(pauseAfter(attempt));
                continue;
            }
            int status = answer.statusCode();
            boolean again = status == 429 || status == 503 || (safe && (status == 502 || status == 504));
            double pause = retryAfter(answer).orElse(pauseAfter(attempt));
            if (!again || attempt == ATTEMPTS || pause > PATIENCE) {
                return answer;
            }
            text(answer);
            sleep(pause);
        }
    }

    /** An answer whose body has arrived, unless it is a file's, which may be cut and gone on with. */
    private static HttpResponse<InputStream> whole(HttpResponse<InputStream> answer) throws IOException {
        String kind = answer.headers().firstValue("content-type").orElse("");
        boolean file = answer.statusCode() / 100 == 2 && !kind.contains("json");
        return file ? answer : new Received(answer, new ByteArrayInputStream(answer.body().readAllBytes()));
    }

    private static HttpResponse<InputStream> settled(HttpResponse<InputStream> answer) {
        if (answer.statusCode() / 100 == 2) {
            return answer;
        }
        String about = answer.request().method() + " " + answer.uri().getPath();
        throw new ClientException(about + " was answered with " + answer.statusCode() + ": " + problem(text(answer)));
    }

    /** What an error body says, in whichever of its forms. */
    private static String problem(String body) {
        try {
            Object node = Json.parse(body);
            Map<String, Object> error = Json.object(node instanceof List<?> list && !list.isEmpty() ? list.get(0) : node);
            for (String name : List.of("title", "message", "error_description", "errorMessage", "error")) {
                if (error.get(name) instanceof String text) {
                    return text;
                }
            }
            return "no message";
        } catch (IllegalArgumentException error) {
            return "no JSON";
        }
    }

    private static String text(HttpResponse<InputStream> answer) {
        boolean packed = answer.headers().firstValue("content-encoding").orElse("").equalsIgnoreCase("gzip");
        try (InputStream body = packed ? new GZIPInputStream(answer.body()) : answer.body()) {
            return new String(body.readAllBytes(), UTF_8);
        } catch (IOException error) {
            throw new ClientException("an answer cannot be read (" + error + ")");
        }
    }

    private static Object parsed(String body) {
        try {
            return Json.parse(body);
        } catch (IllegalArgumentException error) {
            throw new ClientException("an answer is not JSON: " + error.getMessage());
        }
    }

    /** The seconds that an answer asks to wait; a date is measured against the server's own clock. */
    private static Optional<Double> retryAfter(HttpResponse<?> answer) {
        String told = answer.headers().firstValue("retry-after").orElse("").strip();
        if (told.matches("\\d+")) {
            return Optional.of(Double.valueOf(told));
        }
        Optional<Instant> now = instant(answer.headers().firstValue("date").orElse(""));
        return instant(told).map(until -> Math.max(0, Duration.between(now.orElse(Instant.now()), until).toMillis() / 1e3));
    }

    private static Optional<Instant> instant(String date) {
        try {
            return Optional.of(ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
        } catch (DateTimeParseException error) {
            return Optional.empty();
        }
    }

    private static double pauseAfter(int attempt) {
        return Math.min(0.5 * Math.pow(2, attempt - 1), 30);
    }

    private static void sleep(double seconds) throws InterruptedException {
        Thread.sleep((long) (seconds * 1000));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    /** A server's name for a file as one that stays in its folder. */
    private static String safe(String name) {
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        String clean = last.replaceAll("[^\\w.+=@-]", "_").replaceAll("^\\.+", "");
        if (clean.isEmpty()) {
            throw new ClientException("'" + name + "' is no name for a file");
        }
        return clean.substring(Math.max(0, clean.length() - 200));
    }

    /** An answer whose body was read beforehand. */
    private record Received(HttpResponse<InputStream> head, InputStream body) implements HttpResponse<InputStream> {
        @Override public int statusCode() { return head.statusCode(); }
        @Override public HttpRequest request() { return head.request(); }
        @Override public Optional<HttpResponse<InputStream>> previousResponse() { return head.previousResponse(); }
        @Override public java.net.http.HttpHeaders headers() { return head.headers(); }
        @Override public Optional<javax.net.ssl.SSLSession> sslSession() { return head.sslSession(); }
        @Override public URI uri() { return head.uri(); }
        @Override public HttpClient.Version version() { return head.version(); }
    }
}

/** As much of JSON as is needed: objects are maps, arrays lists, whole numbers longs, other numbers doubles. */
final class Json {
    private static final int DEEPEST = 500;
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");
    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        var reader = new Json(text);
        Object value = reader.value();
        reader.blanks();
        if (reader.at < text.length()) {
            throw reader.wrong();
        }
        return value;
    }

    /** The object that a value is; an empty one where it is none. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return value instanceof Map ? (Map<String, Object>) value : Map.of();
    }

    /** The array that a value is; an empty one where it is none. */
    @SuppressWarnings("unchecked")
    static List<Object> list(Object value) {
        return value instanceof List ? (List<Object>) value : List.of();
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(each -> write(each.getKey()) + ":" + write(each.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
        }
        return value instanceof String string ? quoted(string) : String.valueOf(value);
    }

    private static String quoted(String string) {
        var out = new StringBuilder("\"");
        for (char c : string.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    private Object value() {
        blanks();
        if (at == text.length() || ++depth > DEEPEST) {
            throw wrong();
        }
        Object value = switch (text.charAt(at)) {
            case '{' -> members();
            case '[' -> items();
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
        depth--;
        return value;
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        for (boolean more = !taken('}'); more; more = !closed('}')) {
            blanks();
            String name = string();
            if (!taken(':')) {
                throw wrong();
            }
            members.put(name, value());
        }
        return members;
    }

    private List<Object> items() {
        List<Object> items = new ArrayList<>();
        at++;
        for (boolean more = !taken(']'); more; more = !closed(']')) {
            items.add(value());
        }
        return items;
    }

    /** Whether the end is here; otherwise a comma has to be. */
    private boolean closed(char end) {
        if (taken(end)) {
            return true;
        }
        if (!taken(',')) {
            throw wrong();
        }
        return false;
    }

    private String string() {
        var out = new StringBuilder();
        if (!taken('"')) {
            throw wrong();
        }
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            out.append(c == '\\' ? escaped() : c);
        }
        if (at++ >= text.length()) {
            throw wrong();
        }
        return out.toString();
    }

    private char escaped() {
        int known = at < text.length() ? "\"\\/bfnrt".indexOf(text.charAt(at)) : -1;
        if (known >= 0) {
            at++;
            return "\"\\/\b\f\n\r\t".charAt(known);
        }
        if (at + 5 > text.length() || !text.substring(at, at + 5).matches("u[0-9a-fA-F]{4}")) {
            throw wrong();
        }
        at += 5;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong();
        }
        at += word.length();
        return value;
    }

    private Object number() {
        Matcher found = NUMBER.matcher(text).region(at, text.length());
        if (!found.lookingAt()) {
            throw wrong();
        }
        at = found.end();
        if (found.group(2) == null && found.group(3) == null && found.group().length() < 19) {
            return Long.valueOf(found.group());
        }
        return Double.valueOf(found.group());
    }

    private boolean taken(char expected) {
        blanks();
        boolean here = at < text.length() && text.charAt(at) == expected;
        at += here ? 1 : 0;
        return here;
    }

    private void blanks() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no JSON at character " + at);
    }
}
