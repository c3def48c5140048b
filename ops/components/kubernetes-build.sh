#!/usr/bin/env bash
# Builds the five Kubernetes programs from Debian's source package: kubernetes-build.sh <cache folder>
# Works beside the target, <cache folder>/kubernetes-<version>, and renames at the end: a folder that exists is complete.
set -euo pipefail

cache=$1
work=$cache/kubernetes.work
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)

rm -rf "$work"
mkdir -p "$work/apt/lists/partial" "$work/bin" "$work/go/src/k8s.io"
cd "$work"

# The same sources as the machine's own, read as deb-src, without touching /etc/apt.
apt_sources() {
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] && awk -v RS= '/debian-archive|\/debian/ { gsub(/Types:[^\n]*/, "Types: deb-src"); print $0 "\n" }' "$file"
  done > apt/debian.sources
  if ! grep -q '^Types' apt/debian.sources; then
    sed -n '\|/debian|s/^deb \(.*\)/deb-src \1/p' /etc/apt/sources.list > apt/debian.list
    rm apt/debian.sources
  fi
}
apt_sources
apt=(apt-get -qq
  -o Dir::Etc::sourcelist="$(ls "$work"/apt/debian.*)" -o Dir::Etc::sourceparts=/nonexistent
  -o Dir::State::lists="$work/apt/lists" -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" source --download-only kubernetes
dpkg-source --no-check -x ./*.dsc source > /dev/null

version=v$(sed -n 's/^Version: .*really\([0-9.]*\).*/\1/p; t; s/^Version: \([0-9.]*\).*/\1/p' ./*.dsc | head -1)
echo "Kubernetes $version, $(go version)"

ln -s "$work/source" go/src/k8s.io/kubernetes
GOROOT=$(go env GOROOT)
export GOROOT GOPATH=$work/go GO111MODULE=off CGO_ENABLED=0 GOCACHE=$work/cache GOFLAGS=-trimpath
cd go/src/k8s.io/kubernetes

# The vendored reflect2 1.0.1 corrupts memory when built with Go 1.18 or newer; Debian packages its successor.
rm vendor/github.com/modern-go/reflect2/*.go
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/
rm -f vendor/github.com/modern-go/reflect2/*_test.go

# The OpenAPI definitions are generated, not part of the package.
go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
inputs=$(grep -rlE --include='*.go' --exclude-dir=testdata '^// *\+k8s:openapi-gen=' cmd pkg staging/src | xargs -n1 dirname |
  grep -vE '/(kube-openapi|code-generator|generators)(/|$)' |
  sed -e 's|^staging/src/|vendor/|' -e 's|^|k8s.io/kubernetes/|' | sort -u | paste -sd,)
"$work/openapi-gen" --input-dirs "$inputs" --output-base "$work/go/src" \
  --output-package k8s.io/kubernetes/pkg/generated/openapi --output-file-base zz_generated.openapi \
  --go-header-file hack/boilerplate/boilerplate.generatego.txt --report-filename "$work/violations" > /dev/null

stamp=''
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  for path in $package k8s.io/kubernetes/vendor/$package; do
    stamp+=" -X $path.gitVersion=$version -X $path.gitMajor=1 -X $path.gitMinor=$(cut -d. -f2 <<< "$version")"
  done
done
for program in "${programs[@]}"; do
  echo "$program"
  go build -tags providerless -ldflags "-s -w $stamp" -o "$work/bin/$program" "./cmd/$program"
done

echo "$version" > "$work/bin/VERSION"
target=$cache/kubernetes-${version#v}
rm -rf "$target"
mv "$work/bin" "$target"
rm -rf "$work"
