#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build third-party libraries for Tenon's guests from Debian source packages.

    source_package.py NAME [--link PATH]    build NAME once; PATH becomes a
                                            link to its include/ and lib/
    source_package.py --list

Sources come from Debian through apt, which checks them against the archive's
signed index; no third-party code is kept in the tree. Nothing of the system's
apt configuration is changed: source entries are enabled in a private copy.

Downloads and results are kept under $XDG_CACHE_HOME/tenon. A result's folder
is named by version and a hash of the recipe, so a changed flag builds anew and
a warm cache needs no network.
"""
import argparse
import contextlib
import fcntl
import hashlib
import inspect
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache")) / "tenon"

# Code that runs in ring 3 of a PV guest, at a fixed address, on one stack.
CFLAGS = ["-O2", "-g", "-mno-red-zone", "-fno-pic", "-fno-pie",
          "-fno-stack-protector", "-fcf-protection=none",
          "-ffunction-sections", "-fdata-sections", "-fno-omit-frame-pointer",
          "-U_FORTIFY_SOURCE"]

TOOLS = ("gcc", "cc", "ar", "as", "ld", "nm", "ranlib", "strip", "objcopy",
         "objdump", "readelf")


def run(argv, cwd, log, env=None):
    """Run one step; its output goes to `log`, shown when the step fails."""
    with open(log, "a", encoding="utf-8") as out:
        print("+", *argv, file=out, flush=True)
        code = subprocess.run([str(a) for a in argv], cwd=cwd, env=env,
                              stdout=out, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        tail = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
        sys.exit("\n".join(tail.splitlines()[-40:])
                 + f"\nsource_package: {argv[0]} failed with {code}")


# --- Getting sources -------------------------------------------------------

def with_sources(text, deb822):
    """A sources file with source entries enabled."""
    out = []
    for line in text.splitlines():
        if deb822 and line.lower().startswith("types:"):
            line = "Types: deb deb-src"
        out.append(line)
        if not deb822 and line.startswith("deb "):
            out.append("deb-src" + line[3:])
    return "\n".join(out) + "\n"


def apt_options(home):
    """Options that point apt to a private configuration under `home`."""
    parts = home / "sources.list.d"
    for folder in (parts, home / "lists/partial", home / "cache/archives/partial"):
        folder.mkdir(parents=True, exist_ok=True)
    for old in parts.iterdir():
        old.unlink()
    etc = pathlib.Path("/etc/apt")
    found = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    for path in found:
        if path.is_file() and path.suffix in (".list", ".sources"):
            text = path.read_text(encoding="utf-8")
            (parts / path.name).write_text(
                with_sources(text, path.suffix == ".sources"), encoding="utf-8")
    return ["-qq", "-o", "Dir::Etc::sourcelist=/dev/null",
            "-o", f"Dir::Etc::sourceparts={parts}",
            "-o", f"Dir::State::lists={home}/lists",
            "-o", f"Dir::Cache={home}/cache",
            "-o", "APT::Sandbox::User=root"]


@contextlib.contextmanager
def locked(name):
    """Hold the cache's lock `name`; make runs several of us at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


LISTS_FRESH_SECONDS = 3600


def updated_apt(log):
    """Private apt options, with package lists that are fresh."""
    with locked("apt"):
        options = apt_options(CACHE / "apt")
        stamp = CACHE / "apt/updated"
        age = time.time() - stamp.stat().st_mtime if stamp.exists() else None
        if age is None or age > LISTS_FRESH_SECONDS:
            run(["apt-get", *options, "update"], CACHE, log)
            stamp.touch()
    return options


def apt_get(options, argv, cwd):
    """Run apt-get with private options; the result holds its output."""
    with locked("apt"):
        return subprocess.run(["apt-get", *options, *argv], cwd=cwd,
                              capture_output=True, text=True, check=False)


def download(package, version, binary, into, log):
    """Fetch one package into `into`; another version if the pinned is gone."""
    into.mkdir(parents=True, exist_ok=True)
    options = updated_apt(log)
    verb = ["download"] if binary else ["source", "--download-only"]
    for name in (f"{package}={version}", package):
        print(f"source_package: downloading {name}", flush=True)
        done = apt_get(options, [*verb, name], into)
        if done.returncode == 0:
            return
        print(f"source_package: {name}: {done.stderr.strip()}", flush=True)
    sys.exit(f"source_package: cannot download {package}")


def is_complete(folder):
    return folder.is_dir() and (folder / ".complete").exists()


def fetch(package, version, binary, log):
    """The cached folder that holds the package's files as downloaded."""
    final = CACHE / "sources" / f"{package}_{version.replace(':', '%3a')}"
    if is_complete(final):
        return final
    part = final.with_name(final.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(final, ignore_errors=True)
    download(package, version, binary, part, log)
    (part / ".complete").touch()
    part.rename(final)
    return final


def unpack(recipe, work, log):
    """Unpack the sources under `work`; returns their root."""
    got = fetch(recipe.package, recipe.version, recipe.binary, log)
    tree = work / "src"
    if recipe.binary:
        run(["dpkg-deb", "-x", next(got.glob("*.deb")), work / "deb"], work, log)
        tree.mkdir()
        archive = next((work / "deb").rglob("*.tar.xz"))
        run(["tar", "-xf", archive, "-C", tree, "--strip-components=1"],
            work, log)
    else:
        # apt has checked the files against the signed index already.
        run(["dpkg-source", "--no-check", "-x", next(got.glob("*.dsc")), tree],
            work, log)
    return tree


# --- Recipes ---------------------------------------------------------------

def cross_tools(work):
    """A folder with the host's tools under the names of x86_64-elf."""
    tools = work / "tools"
    tools.mkdir()
    for tool in TOOLS:
        path = shutil.which("gcc" if tool == "cc" else tool)
        if path:
            (tools / f"x86_64-elf-{tool}").symlink_to(path)
    return tools


def build_newlib(tree, work, prefix, log):
    tools = cross_tools(work)
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
           "CFLAGS_FOR_TARGET": " ".join(CFLAGS), "MAKEINFO": "true"}
    for name in ("CC", "CFLAGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CI"):
        env.pop(name, None)
    build = work / "build"
    build.mkdir()
    run([tree / "configure", "--target=x86_64-elf", f"--prefix={work}/out",
         "--disable-libgloss", "--disable-multilib", "--disable-nls",
         "--disable-newlib-supplied-syscalls", "--disable-newlib-multithread",
         "--enable-newlib-io-long-long", "--enable-newlib-io-c99-formats"],
        build, log, env)
    run(["make", "-j2", "all-target-newlib"], build, log, env)
    run(["make", "install-target-newlib"], build, log, env)
    for part in ("include", "lib"):
        shutil.copytree(work / "out/x86_64-elf" / part, prefix / part)


def compile_library(name, sources, flags, work, prefix, log):
    """Compile `sources` against newlib and archive them as libNAME.a."""
    newlib = build_once(RECIPES["newlib"])
    objects = []
    for source in sources:
        target = work / f"{len(objects)}-{source.stem}.o"
        run(["gcc", "-c", *CFLAGS, "-std=gnu11", "-DNDEBUG", "-nostdinc", "-isystem",
             gcc_include(), "-isystem", newlib / "include", *flags,
             source, "-o", target], work, log)
        objects.append(target)
    (prefix / "lib").mkdir(parents=True)
    run(["ar", "rcs", prefix / f"lib/lib{name}.a", *objects], work, log)


def gcc_include():
    """The compiler's own headers (stddef.h, stdarg.h ...)."""
    return subprocess.run(["gcc", "-print-file-name=include"], check=True,
                          capture_output=True, text=True).stdout.strip()


def copy_headers(headers, prefix):
    for target, source in headers.items():
        path = prefix / "include" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)


def build_zlib(tree, work, prefix, log):
    names = "adler32 crc32 inflate inffast inftrees zutil uncompr".split()
    compile_library("z", [tree / f"{n}.c" for n in names], [], work, prefix, log)
    copy_headers({n: tree / n for n in ("zlib.h", "zconf.h")}, prefix)


XZ_SOURCES = """
common/block_buffer_decoder common/block_decoder common/block_header_decoder
common/block_util common/common common/filter_common common/filter_decoder
common/filter_flags_decoder common/index_hash common/stream_buffer_decoder
common/stream_decoder common/stream_flags_common common/stream_flags_decoder
common/vli_decoder common/vli_size
check/check check/crc32_fast check/crc32_table check/crc64_fast
check/crc64_table check/sha256
lz/lz_decoder lzma/lzma_decoder lzma/lzma2_decoder lzma/lzma_encoder_presets
simple/simple_coder simple/simple_decoder simple/x86
""".split()

XZ_CONFIG = ["HAVE_DECODERS", "HAVE_DECODER_LZMA1", "HAVE_DECODER_LZMA2",
             "HAVE_DECODER_X86", "HAVE_CHECK_CRC32", "HAVE_CHECK_CRC64",
             "HAVE_CHECK_SHA256", "HAVE_STDINT_H", "HAVE_STDBOOL_H",
             "HAVE_INTTYPES_H", "HAVE_STRING_H", "HAVE_LIMITS_H",
             "HAVE___BUILTIN_BSWAPXX", "TUKLIB_FAST_UNALIGNED_ACCESS"]


def build_xz(tree, work, prefix, log):
    lib = tree / "src/liblzma"
    flags = [f"-I{tree}/src/common"]
    flags += [f"-I{lib / d}" for d in ("api", "common", "check", "lz",
                                       "rangecoder", "lzma", "delta", "simple")]
    flags += [f"-D{name}=1" for name in XZ_CONFIG]
    sources = [lib / f"{n}.c" for n in XZ_SOURCES]
    compile_library("lzma", [s for s in sources if s.exists()], flags, work,
                    prefix, log)
    api = lib / "api"
    copy_headers({p.relative_to(api): p for p in api.rglob("*.h")}, prefix)


def build_lz4(tree, work, prefix, log):
    compile_library("lz4", [tree / "lib/lz4.c"], [], work, prefix, log)
    copy_headers({"lz4.h": tree / "lib/lz4.h"}, prefix)


def build_zstd(tree, work, prefix, log):
    lib = tree / "lib"
    sources = [*sorted((lib / "common").glob("*.c")),
               *sorted((lib / "decompress").glob("*.c"))]
    flags = [f"-I{lib}", f"-I{lib}/common", "-DZSTD_DISABLE_ASM=1",
             "-DZSTD_LEGACY_SUPPORT=0", "-DZSTD_TRACE=0", "-DDYNAMIC_BMI2=0"]
    compile_library("zstd", sources, flags, work, prefix, log)
    copy_headers({n: lib / n for n in ("zstd.h", "zstd_errors.h")}, prefix)


def build_lwip(tree, work, prefix, log):
    """Without threads: calls back from a loop that its user has. Enough for a
    server with some dozen connections."""
    options = {"NO_SYS": 1, "SYS_LIGHTWEIGHT_PROT": 0, "LWIP_SOCKET": 0,
               "LWIP_NETCONN": 0, "LWIP_IPV6": 0, "LWIP_DHCP": 1,
               "LWIP_NOASSERT": 1, "LWIP_STATS": 0, "MEM_ALIGNMENT": 8,
               "MEM_SIZE": 1 << 20, "PBUF_POOL_SIZE": 256,
               "MEMP_NUM_TCP_PCB": 64, "MEMP_NUM_TCP_SEG": 512,
               "MEMP_NUM_PBUF": 256, "TCP_MSS": 1460, "TCP_WND": 8 * 1460,
               "TCP_SND_BUF": 16 * 1460, "TCP_SND_QUEUELEN": 64,
               "LWIP_NETIF_STATUS_CALLBACK": 1, "ARP_QUEUEING": 1}
    config = work / "config"
    (config / "arch").mkdir(parents=True)
    (config / "lwipopts.h").write_text("".join(
        f"#define {name} {value}\n" for name, value in options.items()))
    (config / "arch/cc.h").write_text(
        "#include <limits.h>\n#include <stdlib.h>\n#include <sys/types.h>\n"
        "#define SSIZE_MAX LONG_MAX\n#define LWIP_RAND() ((u32_t)rand())\n")
    core = tree / "src/core"
    sources = [*sorted(core.glob("*.c")), *sorted((core / "ipv4").glob("*.c")),
               tree / "src/netif/ethernet.c"]
    headers = tree / "src/include"
    compile_library("lwip", sources, [f"-I{headers}", f"-I{config}"], work,
                    prefix, log)
    for folder in (headers, config):
        copy_headers({p.relative_to(folder): p for p in folder.rglob("*.h")},
                     prefix)


class Recipe:
    """One library: the pinned Debian package and how to build it."""

    def __init__(self, name, package, version, build, binary=False):
        self.name, self.package, self.version = name, package, version
        self.build, self.binary = build, binary

    def key(self):
        """Changes with the version, the flags and the steps."""
        text = repr((self.package, self.version, CFLAGS, XZ_SOURCES, XZ_CONFIG))
        text += inspect.getsource(self.build) + inspect.getsource(compile_library)
        short = hashlib.sha256(text.encode()).hexdigest()[:12]
        return f"{self.name}-{self.version.replace(':', '%3a')}-{short}"


RECIPES = {r.name: r for r in (
    Recipe("newlib", "newlib-source", "3.3.0-1.3+deb12u1", build_newlib, True),
    Recipe("zlib", "zlib", "1:1.2.13.dfsg-1", build_zlib),
    Recipe("xz", "xz-utils", "5.4.1-1+deb12u1", build_xz),
    Recipe("lz4", "lz4", "1.9.4-1", build_lz4),
    Recipe("zstd", "libzstd", "1.5.4+dfsg2-5", build_zstd),
    Recipe("lwip", "lwip", "2.1.3+dfsg1-2", build_lwip),
)}


def build_once(recipe):
    """The prefix of `recipe`'s result, built when the cache lacks it."""
    prefix = CACHE / "lib" / recipe.key()
    if is_complete(prefix):
        return prefix
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with locked(recipe.name):
        if not is_complete(prefix):
            build_into(recipe, prefix)
    return prefix


def build_into(recipe, prefix):
    shutil.rmtree(prefix, ignore_errors=True)
    log = prefix.with_name(prefix.name + ".log")
    log.unlink(missing_ok=True)
    print(f"source_package: building {recipe.name} {recipe.version} "
          f"(log: {log})", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="work-") as name:
        work = pathlib.Path(name)
        tree = unpack(recipe, work, log)
        result = work / "prefix"
        result.mkdir()
        recipe.build(tree, work, result, log)
        (result / ".complete").touch()
        result.rename(prefix)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="?", choices=RECIPES)
    parser.add_argument("--link")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join(RECIPES))
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    prefix = build_once(RECIPES[args.name])
    if args.link:
        link = pathlib.Path(args.link)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(prefix)
    else:
        print(prefix)


if __name__ == "__main__":
    main()
