# curl, as it is: a token, the list of jobs, and a host that is not Adobe's.
curl -sS --max-time 20 https://ims-na1.adobelogin.com/ims/token/v3 -d grant_type=client_credentials \
  -d "client_id=$AEP_CLIENT_ID" -d "client_secret=$AEP_CLIENT_SECRET" -d "scope=$AEP_SCOPES" -o token.json || exit 1
token=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' token.json)
curl -sS --max-time 20 https://platform.adobe.io/data/core/ups/export/jobs -H "Authorization: Bearer $token" \
  -H "x-api-key: $AEP_CLIENT_ID" -H "x-gw-ims-org-id: $AEP_ORG_ID" -H "x-sandbox-name: $AEP_SANDBOX_NAME" \
  -o /dev/null -w '%{http_code}\n' || exit 1
if curl -sS --max-time 20 https://example.org/ 2> error.txt; then echo reached; else echo refused; fi
