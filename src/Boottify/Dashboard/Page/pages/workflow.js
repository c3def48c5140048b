/**
 * The GitHub Actions workflow that tells Boottify of a push. The secret goes from GitHub's store to the signing process by
 * its environment, never by a command line. The delivery id is the same for each try, so that trying again deploys once.
 */
export const workflowOf = (app, branch) => `name: Deploy to Boottify
on:
  push:
    branches: [${JSON.stringify(branch)}]
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - name: Tell Boottify of this commit
        shell: python
        env:
          BOOTTIFY_URL: ${app.webhook.url}
          BOOTTIFY_APP: ${app.id}
          BOOTTIFY_SECRET: \${{ secrets.BOOTTIFY_SECRET }}
        run: |
          import hashlib, hmac, json, os, time, urllib.error, urllib.request
          env = os.environ
          with open(env["GITHUB_EVENT_PATH"]) as file:
              head = json.load(file).get("head_commit") or {}
          body = json.dumps({
              "app": env["BOOTTIFY_APP"],
              "repository": env["GITHUB_SERVER_URL"] + "/" + env["GITHUB_REPOSITORY"],
              "ref": env["GITHUB_REF"],
              "sha": env["GITHUB_SHA"],
              "message": head.get("message", ""),
              "actor": env["GITHUB_ACTOR"],
          }).encode()
          request = urllib.request.Request(env["BOOTTIFY_URL"], body, {
              "Content-Type": "application/json",
              "X-Hub-Signature-256": "sha256=" + hmac.new(env["BOOTTIFY_SECRET"].encode(), body, hashlib.sha256).hexdigest(),
              "X-GitHub-Delivery": env["GITHUB_RUN_ID"] + "-" + env["GITHUB_RUN_ATTEMPT"],
          })
          for wait in (2, 5, 15, 30, None):
              try:
                  print(urllib.request.urlopen(request, timeout=20).read().decode())
                  break
              except urllib.error.HTTPError as refused:
                  if refused.code < 500 or wait is None:
                      raise SystemExit(f"Boottify answered {refused.code}: {refused.read().decode()}")
              except OSError as unreachable:
                  if wait is None:
                      raise SystemExit(f"Boottify does not answer: {unreachable}")
              time.sleep(wait)
`;
