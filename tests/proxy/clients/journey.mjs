// Node's fetch: a token, the list of jobs, and a host that is not Adobe's.
// The argument says what leads it through the proxy: the path of undici, or "environment" (NODE_USE_ENV_PROXY).
import { createRequire } from "node:module";

const how = process.argv[2];
if (how !== "environment") {
  const { ProxyAgent, setGlobalDispatcher } = createRequire(import.meta.url)(how);
  setGlobalDispatcher(new ProxyAgent(process.env.HTTPS_PROXY));
}

const env = (name) => process.env[`AEP_${name}`];
const form = new URLSearchParams({
  grant_type: "client_credentials",
  client_id: env("CLIENT_ID"),
  client_secret: env("CLIENT_SECRET"),
  scope: env("SCOPES"),
});
const answer = await fetch("https://ims-na1.adobelogin.com/ims/token/v3", { method: "POST", body: form });
const { access_token: token } = await answer.json();
const jobs = await fetch("https://platform.adobe.io/data/core/ups/export/jobs", {
  headers: {
    Authorization: `Bearer ${token}`,
    "x-api-key": env("CLIENT_ID"),
    "x-gw-ims-org-id": env("ORG_ID"),
    "x-sandbox-name": env("SANDBOX_NAME"),
  },
});
console.log(jobs.status);
try {
  await fetch("https://example.org/");
  console.log("reached");
} catch (error) {
  console.log("refused");
}
