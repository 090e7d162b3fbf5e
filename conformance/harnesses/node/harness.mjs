// A harness, and the small client that it drives: Node 18 or newer, nothing to install.
//
// docs/harness.md describes the protocol. Try it with: aep-export harness smoke -- node harness.mjs

import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";

const JOBS = "/data/core/ups/export/jobs";
const FILES = "/data/foundation/export";
const DATASETS = "/data/foundation/catalog/dataSets";
const UNION = {
  id: "https://ns.adobe.com/xdm/context/profile__union",
  contentType: "application/vnd.adobe.xed+json;version=1",
};
const ATTEMPTS = 5;
const DOWNLOADS = 8; // how often a file is tried that keeps being cut
const PATIENCE = 300; // the longest Retry-After that is obeyed, in seconds
const BARREN = 10; // pages in a row without anything new after which a list is taken for endless
const DONE = new Set(["SUCCEEDED", "FAILED", "CANCELLED"]);

const sleep = (seconds) => new Promise((wake) => setTimeout(wake, seconds * 1000));
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** What the client reports: the API refused, gave no answer or a strange one, or the job failed. */
class ClientError extends Error {
  constructor(message, errors) {
    super(message);
    this.errors = errors;
  }
}

/** A client of the export jobs of one tenant. */
class Client {
  #token = { value: "", until: 0 };

  constructor({ url, ims_url, credentials, poll_seconds, timeout_seconds, output }) {
    this.url = url;
    this.imsUrl = ims_url;
    this.credentials = credentials;
    this.poll = poll_seconds;
    this.timeout = timeout_seconds;
    this.output = output;
  }

  async createDataset(name) {
    const found = await this.#json("POST", this.url + DATASETS, { name, schemaRef: UNION });
    const [, id] = /^@\/data[sS]ets\/([^/]+)$/.exec(Array.isArray(found) ? found[0] : "") ?? [];
    if (!id) throw new ClientError("the answer to a new dataset is no reference to one");
    return id;
  }

  async createJob(datasetId) {
    const payload = { destination: { datasetId }, schema: { name: "_xdm.context.profile" } };
    return job(await this.#json("POST", this.url + JOBS, payload));
  }

  async getJob(id) {
    return job(await this.#json("GET", `${this.url}${JOBS}/${encodeURIComponent(id)}`));
  }

  async listJobs() {
    const jobs = [];
    for await (const one of this.#pages(this.url + JOBS, "records", "offset", (item) => String(item.id))) {
      jobs.push(job(one));
    }
    return jobs;
  }

  /** The job when it has succeeded; a status that is not known is neither success nor the end. */
  async waitForJob(id) {
    const deadline = Date.now() + this.timeout * 1000;
    for (;;) {
      const found = await this.getJob(id);
      if (found.status === "SUCCEEDED") return found;
      if (DONE.has(found.status)) throw new ClientError(`job ${id} ended as ${found.status}`, found.errors);
      const left = (deadline - Date.now()) / 1000;
      if (left <= 0) throw new ClientError(`job ${id} is still ${found.status} after ${this.timeout} s`);
      await sleep(Math.min(this.poll, left));
    }
  }

  /** The answer is empty, or a message whether it will be done; some servers send it along with a 204. */
  async cancelJob(id) {
    const url = `${this.url}${JOBS}/${encodeURIComponent(id)}`;
    const answer = await this.#call("DELETE", url, { headers: { Connection: "close" } });
    if (answer.text && parsed(answer)?.status === false) {
      throw new ClientError(`job ${id} was not marked for cancelling`);
    }
  }

  /** Download every file of every batch of a job, and return the paths below the output folder. */
  async download(id) {
    const found = await this.waitForJob(id);
    const paths = [];
    for (const batch of found.batches) {
      for await (const entry of this.#entries(batch)) paths.push(await this.#fetchFile(batch, entry, paths));
    }
    return paths;
  }

  /** The entries of a batch that have bytes: each listed file is opened for its own. */
  async *#entries(batch) {
    const open = [`${this.url}${FILES}/batches/${encodeURIComponent(batch)}/files`];
    const opened = new Set();
    while (open.length) {
      const url = open.shift();
      for await (const item of this.#pages(url, "data", "start", (one) => one.name ?? one.dataSetFileId)) {
        if (item.name !== undefined) {
          yield { name: String(item.name), length: Number(item.length), url: this.#href(item, url) };
        } else if (!opened.has(item.dataSetFileId)) {
          opened.add(item.dataSetFileId);
          open.push(`${this.url}${FILES}/files/${encodeURIComponent(item.dataSetFileId)}`);
        }
      }
    }
  }

  #href(item, listed) {
    const href = item._links?.self?.href ?? `${listed.split("?")[0]}?path=${encodeURIComponent(item.name)}`;
    return this.#own(new URL(href, this.url));
  }

  /** A file's bytes, whole: what was cut is gone on with, and only what is complete gets its name. */
  async #fetchFile(batch, { name, length, url }, taken) {
    if (!Number.isSafeInteger(length) || length < 0) throw new ClientError(`${name} has no length`);
    const target = this.#place(batch, name, taken);
    const whole = path.join(this.output, target);
    const part = `${whole}.part`;
    await mkdir(path.dirname(whole), { recursive: true });
    const file = await open(part, "w");
    try {
      await this.#receive(file, name, length, url);
      await file.close();
      await rename(part, whole);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(part, { force: true });
      throw error;
    }
    return target;
  }

  async #receive(file, name, length, url) {
    let size = 0;
    for (let attempt = 1; attempt <= DOWNLOADS; attempt += 1) {
      if (attempt > 1) await sleep(Math.min(pauseAfter(attempt - 1), 2));
      const headers = { Accept: "application/parquet, application/octet-stream", "Accept-Encoding": "identity" };
      if (size) headers.Range = `bytes=${size}-`;
      const answer = await this.#call("GET", url, { headers, stream: true });
      try {
        size = await landed(answer, file, size, name, length);
        if (size === length) return;
      } catch (error) {
        if (error instanceof ClientError) throw error;
        size = (await file.stat()).size;
      }
    }
    throw new ClientError(`${name}: ${size} of ${length} bytes arrived in ${DOWNLOADS} attempts`);
  }

  /** Where a file goes: its own name, as far as it cannot lead elsewhere. */
  #place(batch, name, taken) {
    const safe = (text) => text.split(/[\\/]/).pop().replace(/[^\w.+=@-]/g, "_").replace(/^\.+/, "").slice(-200);
    if (!safe(name)) throw new ClientError(`${JSON.stringify(name)} is no name for a file`);
    const target = `${safe(batch) || "batch"}/${safe(name)}`;
    return taken.includes(target) ? `${safe(batch) || "batch"}/${taken.length}-${safe(name)}` : target;
  }

  /** The items of a list, each once, page by page; links are followed on this host only. */
  async *#pages(url, member, parameter, key) {
    const asked = new Set();
    const seen = new Set();
    let received = 0;
    let barren = 0;
    for (let next = url; next; ) {
      if (asked.has(next) || barren === BARREN) throw new ClientError("the list does not advance");
      asked.add(next);
      const page = await this.#json("GET", next);
      const items = page?.[member];
      if (!Array.isArray(items) || !items.every(isObject)) throw new ClientError(`a page has no ${member}`);
      const fresh = items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
      yield* fresh;
      received += items.length;
      barren = fresh.length ? 0 : barren + 1;
      next = this.#following(next, page, parameter, received);
    }
  }

  /** The next page's address: the query of the link, or what the total says to be missing; null at the end. */
  #following(current, page, parameter, received) {
    const link = [page.link?.next, page.page?.next, page._links?.next]
      .map((value) => (isObject(value) ? value.href : value))
      .find((value) => typeof value === "string" && value.trim());
    const url = new URL(current);
    if (!link) {
      if (!(page._page?.count > received)) return null;
      url.searchParams.set(parameter, received);
    } else if (!/[?/]/.test(link)) {
      url.searchParams.set(parameter, link);
    } else {
      const target = new URL(link, current);
      this.#own(target);
      for (const [name, value] of target.searchParams) url.searchParams.set(name, value);
    }
    return url.href;
  }

  #own(url) {
    if (url.origin !== new URL(this.url).origin) throw new ClientError(`a link leads away, to ${url.origin}`);
    return url.href;
  }

  async #json(method, url, payload) {
    const answer = await this.#call(method, url, { payload });
    return parsed(answer);
  }

  /** An answer with a good status; a token that is refused is renewed once. */
  async #call(method, url, { payload, headers = {}, stream = false } = {}) {
    for (let again = true; ; again = false) {
      const token = await this.#accessToken();
      const all = {
        Accept: "application/json",
        ...(payload === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
        Authorization: `Bearer ${token}`,
        "x-api-key": this.credentials.client_id,
        "x-gw-ims-org-id": this.credentials.org_id,
        "x-sandbox-name": this.credentials.sandbox,
      };
      const body = payload === undefined ? undefined : JSON.stringify(payload);
      const answer = await exchange(method, url, { headers: all, body }, { safe: method !== "POST", stream });
      if (answer.status !== 401 || !again) return settled(method, url, answer);
      if (this.#token.value === token) this.#token.until = 0;
    }
  }

  async #accessToken() {
    if (Date.now() < this.#token.until) return this.#token.value;
    const { client_id, client_secret, scopes } = this.credentials;
    const form = { grant_type: "client_credentials", client_id, client_secret, scope: scopes };
    const asked = Date.now();
    const request = { headers: { Accept: "application/json" }, body: new URLSearchParams(form) };
    const answer = await exchange("POST", this.imsUrl, request, { safe: true });
    const document = parsed(settled("POST", this.imsUrl, answer));
    if (typeof document?.access_token !== "string") throw new ClientError("the token's answer has no token");
    const told = Number(document.expires_in ?? 86399);
    const life = told > 1_000_000 ? told : told * 1000; // an older exchange counts in milliseconds
    this.#token = { value: document.access_token, until: asked + life - Math.min(60_000, life / 10) };
    return this.#token.value;
  }
}

/** Send a request, and send it again where that is wise: `safe` says that acting twice is as good as once. */
async function exchange(method, url, request, { safe, stream = false }) {
  for (let attempt = 1; ; attempt += 1) {
    let answer;
    try {
      answer = await once(method, url, request, stream);
    } catch (error) {
      if (!safe || attempt === ATTEMPTS) throw new ClientError(`${method} ${place(url)}: ${reason(error)}`);
      await sleep(pauseAfter(attempt));
      continue;
    }
    const again = [429, 503].includes(answer.status) || (safe && [502, 504].includes(answer.status));
    const pause = retryAfter(answer) ?? pauseAfter(attempt);
    if (!again || attempt === ATTEMPTS || pause > PATIENCE) return answer;
    await answer.body?.cancel();
    await sleep(pause);
  }
}

async function once(method, url, { headers, body }, stream) {
  const signal = AbortSignal.timeout(60_000);
  const reply = await fetch(url, { method, headers, body, signal, redirect: "manual" });
  const answer = { status: reply.status, headers: reply.headers, text: "", body: null };
  if (stream && reply.ok) answer.body = reply.body;
  else answer.text = await reply.text();
  return answer;
}

/** Write a body where it belongs, and return how long the file is then. */
async function landed(answer, file, size, name, length) {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get("content-range") ?? "");
  const plain = !answer.headers.has("content-encoding");
  const total = answer.status === 206 ? range?.[2] : plain ? answer.headers.get("content-length") : null;
  if (total && total !== "*" && Number(total) !== length) {
    throw new ClientError(`${name} was announced with ${length} bytes, but the server has ${total}`);
  }
  let at = answer.status === 206 ? Number(range?.[1] ?? NaN) : 0;
  if (!(at <= size)) at = 0;
  await file.truncate(at);
  if (answer.status === 206 && at !== Number(range?.[1] ?? NaN)) {
    await answer.body?.cancel();
    return at;
  }
  for await (const chunk of answer.body ?? []) {
    if (at + chunk.length > length) throw new ClientError(`${name} is longer than the ${length} bytes announced`);
    await file.write(chunk, 0, chunk.length, at);
    at += chunk.length;
  }
  return at;
}

const pauseAfter = (attempt) => Math.min(0.5 * 2 ** (attempt - 1), 30);

/** The seconds that an answer asks to wait; a date is measured against the server's own clock. */
function retryAfter({ headers }) {
  const text = (headers.get("retry-after") ?? "").trim();
  if (/^\d+$/.test(text)) return Number(text);
  const until = Date.parse(text);
  if (Number.isNaN(until)) return null;
  const now = Date.parse(headers.get("date") ?? "");
  return Math.max(0, (until - (Number.isNaN(now) ? Date.now() : now)) / 1000);
}

function settled(method, url, answer) {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new ClientError(`${method} ${place(url)} was answered with ${answer.status}: ${problem(answer.text)}`);
}

function parsed({ text }) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ClientError("an answer is not JSON");
  }
}

/** What an error body says, in whichever of its forms. */
function problem(text) {
  let body;
  try {
    body = [JSON.parse(text)].flat()[0];
  } catch {
    return "no JSON";
  }
  return body?.title ?? body?.message ?? body?.error_description ?? body?.errorMessage ?? body?.error ?? "no message";
}

/** A job, from any of its documented forms. */
function job(document) {
  if (!isObject(document) || !["string", "number"].includes(typeof document.id) || !document.status) {
    throw new ClientError("an answer is no export job");
  }
  const { batches, batchId, datasetId, dataSetId } = document.destination ?? {};
  const each = Array.isArray(batches) ? batches : isObject(batches) ? [batches] : [];
  const ids = each.length ? each.map((batch) => batch.batchId) : [batchId];
  return {
    id: String(document.id),
    status: String(document.status),
    dataset: datasetId ?? dataSetId,
    batches: ids.filter(Boolean).map(String),
    errors: (document.errors ?? []).map(({ code, msg }) => ({ code: String(code ?? ""), message: String(msg ?? "") })),
  };
}

const place = (url) => new URL(url).pathname;
const reason = (error) => [error.message, error.cause?.message].filter(Boolean).join(": ");
const shown = ({ id, status, errors }) => ({ id, status, errors });

/** The commands of the protocol. */
class Harness {
  start(request) {
    if (request.version !== 1) throw new Error("this harness speaks version 1 of the protocol");
    this.client = new Client(request);
    return { name: "sample client", language: `JavaScript (Node ${process.versions.node})`, version: "1" };
  }

  create_dataset = async ({ name }) => ({ id: await this.client.createDataset(name) });
  create_job = async ({ dataset }) => shown(await this.client.createJob(dataset));
  get_job = async ({ job: id }) => shown(await this.client.getJob(id));
  list_jobs = async () => ({ jobs: (await this.client.listJobs()).map(shown) });
  wait_for_job = async ({ job: id }) => shown(await this.client.waitForJob(id));
  read_rows = async ({ job: id }) => ({ files: await this.client.download(id) });
  stop = () => ({});

  async cancel_job({ job: id }) {
    await this.client.cancelJob(id);
    return {};
  }

  async answer(request) {
    if (request.cmd === "answer" || typeof this[request.cmd] !== "function") {
      return { errored: { message: `there is no command ${request.cmd}` } };
    }
    try {
      return { result: await this[request.cmd](request) };
    } catch (error) {
      if (error instanceof ClientError) return { failed: { message: error.message, errors: error.errors ?? [] } };
      return { errored: { message: String(error), traceback: String(error.stack) } };
    }
  }
}

const harness = new Harness();
for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const told = { seq: request.seq, ...(await harness.answer(request)) };
  await new Promise((done) => process.stdout.write(`${JSON.stringify(told)}\n`, done));
  if (request.cmd === "stop") process.exit(0);
}
