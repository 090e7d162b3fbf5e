// Node without a package: a tunnel that is asked for by hand, then the https module on it.
import http from "node:http";
import https from "node:https";

function tunnel(host) {
  const proxy = new URL(process.env.HTTPS_PROXY);
  return new Promise((resolve, reject) => {
    http
      .request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: `${host}:443` })
      .on("connect", (answer, socket) =>
        answer.statusCode === 200 ? resolve(socket) : (socket.destroy(), reject(new Error(`${answer.statusCode}`))),
      )
      .on("error", reject)
      .end();
  });
}

async function call(host, options, body) {
  const socket = await tunnel(host);
  return new Promise((resolve, reject) => {
    https
      .request({ ...options, host, socket, agent: false }, async (answer) => {
        let text = "";
        for await (const piece of answer) text += piece;
        resolve({ status: answer.statusCode, text });
      })
      .on("error", reject)
      .end(body);
  });
}

const env = (name) => process.env[`AEP_${name}`];
const form = new URLSearchParams({
  grant_type: "client_credentials",
  client_id: env("CLIENT_ID"),
  client_secret: env("CLIENT_SECRET"),
  scope: env("SCOPES"),
});
const answer = await call(
  "ims-na1.adobelogin.com",
  { path: "/ims/token/v3", method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
  form.toString(),
);
const jobs = await call("platform.adobe.io", {
  path: "/data/core/ups/export/jobs",
  headers: {
    Authorization: `Bearer ${JSON.parse(answer.text).access_token}`,
    "x-api-key": env("CLIENT_ID"),
    "x-gw-ims-org-id": env("ORG_ID"),
    "x-sandbox-name": env("SANDBOX_NAME"),
  },
});
console.log(jobs.status);
await call("example.org", { path: "/" }).then(
  () => console.log("reached"),
  (error) => console.log(error.message === "403" ? "refused" : error.message),
);
