# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317
# The two programs, published into .boottify/bin: again only if a source file has changed since.

title=Programs
PROJECTS=(src/Boottify/Boottify.csproj edge/Boottify.Edge/Boottify.Edge.csproj)
stamp=$STATE/bin/stamp

# One line that changes with any source file's name, size or time.
sources() {
  cd "$ROOT"
  find src edge nginx-templates Directory.* global.json ./*.sln .editorconfig -type f \
    -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -printf '%p %s %T@\n' 2>/dev/null | sort | sha256sum | cut -d' ' -f1
}
healthy() { [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(sources)" ]; }
address() { echo .boottify/bin; }
version() { dotnet --version 2>/dev/null || true; }
stop() { :; }

start() {
  command -v dotnet > /dev/null || fail "there is no dotnet on the PATH" "install the .NET 10 SDK, then run ops/up again"
  local project name now
  now=$(sources)
  [ -e "$stamp" ] || note 'compiling'
  for project in "${PROJECTS[@]}"; do
    [ -e "$ROOT/$project" ] || fail "$project is missing"
    name=$(basename "$project" .csproj)
    (cd "$ROOT" && dotnet publish -nologo -v quiet -c Release --property:UseAppHost=false --property:RunAnalyzers=false -o "$STATE/bin/$name.new" "$project") ||
      fail "$project does not compile" "dotnet build $project"
    # A running edge keeps the templates that it was compiled with, whatever becomes of the checkout's.
    [ "$name" != Boottify.Edge ] || cp -r "$ROOT/nginx-templates" "$STATE/bin/$name.new/"
    rm -rf "${STATE:?}/bin/$name.old"
    [ ! -d "$STATE/bin/$name" ] || mv "$STATE/bin/$name" "$STATE/bin/$name.old"
    mv "$STATE/bin/$name.new" "$STATE/bin/$name"
    rm -rf "${STATE:?}/bin/$name.old"
  done
  echo "$now" > "$stamp"
}
