import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

/** Java's HttpClient, as it is: a token, the list of jobs, and a host that is not Adobe's. */
public class Journey {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static String env(String name) {
        return System.getenv("AEP_" + name);
    }

    private static String form(String... pairs) {
        var text = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            text.append(pairs[i]).append('=').append(URLEncoder.encode(pairs[i + 1], StandardCharsets.UTF_8)).append('&');
        }
        return text.substring(0, text.length() - 1);
    }

    public static void main(String[] arguments) throws Exception {
        var body = form("grant_type", "client_credentials", "client_id", env("CLIENT_ID"),
            "client_secret", env("CLIENT_SECRET"), "scope", env("SCOPES"));
        var answer = CLIENT.send(
            HttpRequest.newBuilder(URI.create("https://ims-na1.adobelogin.com/ims/token/v3"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(),
            BodyHandlers.ofString()).body();
        var token = answer.replaceAll(".*\"access_token\":\"([^\"]*)\".*", "$1");
        var jobs = CLIENT.send(
            HttpRequest.newBuilder(URI.create("https://platform.adobe.io/data/core/ups/export/jobs"))
                .header("Authorization", "Bearer " + token).header("x-api-key", env("CLIENT_ID"))
                .header("x-gw-ims-org-id", env("ORG_ID")).header("x-sandbox-name", env("SANDBOX_NAME")).build(),
            BodyHandlers.ofString());
        System.out.println(jobs.statusCode());
        try {
            CLIENT.send(HttpRequest.newBuilder(URI.create("https://example.org/")).build(), BodyHandlers.discarding());
            System.out.println("reached");
        } catch (java.io.IOException error) {
            System.out.println(error.getMessage().contains("403") ? "refused" : error.toString());
        }
    }
}
