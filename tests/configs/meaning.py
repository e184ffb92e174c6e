# SPDX-License-Identifier: MIT
"""What a guest's configuration means, from the JSON that xl or we print of it.

Both use the same words, but leave out what is at its default, each in its own
way; here every field is there, and what only one of them has is not.
"""
ACTIONS = ("on_poweroff", "on_reboot", "on_crash", "on_watchdog")
# One has another name in JSON than in files.
OTHER_NAMES = {"restart-rename": "rename-restart"}
DEFAULT_WEIGHT = 256
DEFAULT_MEMORY = 32 << 10


def action(name):
    name = name.replace("_", "-")
    return OTHER_NAMES.get(name, name)


def cpus(value, host):
    """Of one vCPU: numbers of CPUs of a machine with so many, or all."""
    numbers = set(range(host)) if value == "all" else set(value)
    return sorted(numbers & set(range(host)))


def affinity(info, key, host):
    """Of each vCPU; those behind the list's end may run anywhere."""
    given = info.get(key, [])
    return [cpus(given[i] if i < len(given) else "all", host)
            for i in range(info.get("max_vcpus", 1))]


def disk(entry):
    path = entry.get("pdev_path", "")
    return {"path": path.removeprefix("/dev/"),
            "vdev": entry["vdev"], "format": entry.get("format", "raw"),
            "writable": bool(entry.get("readwrite", 0)),
            "cdrom": bool(entry.get("is_cdrom", 0))}


def nic(entry, index):
    return {"devid": entry.get("devid", index),
            "mac": entry.get("mac", "").lower(),
            "bridge": entry.get("bridge", "xenbr0"),
            "ip": entry.get("ip", ""), "ifname": entry.get("ifname", ""),
            "script": entry.get("script", ""), "mtu": entry.get("mtu", 0),
            "rate": [entry.get("rate_bytes_per_interval", 0),
                     entry.get("rate_interval_usecs", 0)]}


def normalise(config, host):
    info, build = config["c_info"], config["b_info"]
    sched = build.get("sched_params", {})
    memory = build.get("target_memkb", build.get("max_memkb", DEFAULT_MEMORY))
    return {
        "name": info["name"], "uuid": info.get("uuid", ""),
        "kernel": build.get("kernel", ""), "ramdisk": build.get("ramdisk", ""),
        "cmdline": build.get("cmdline", ""),
        "memory_kib": memory,
        "max_memory_kib": build.get("max_memkb", memory),
        "max_vcpus": build.get("max_vcpus", 1),
        "vcpus": len(build.get("avail_vcpus", [0])),
        "hard": affinity(build, "vcpu_hard_affinity", host),
        "soft": affinity(build, "vcpu_soft_affinity", host),
        "weight": sched.get("weight", DEFAULT_WEIGHT) or DEFAULT_WEIGHT,
        "cap": sched.get("cap", 0),
        "event_channels": build.get("event_channels", 1023),
        "max_grant_frames": build.get("max_grant_frames", 0),
        "max_maptrack_frames": build.get("max_maptrack_frames", 0),
        "tsc_mode": build.get("tsc_mode", "default"),
        "clock": int(build.get("rtc_timeoffset", 0)),
        "disks": [disk(d) for d in config.get("disks", [])],
        "nics": [nic(n, i) for i, n in enumerate(config.get("nics", []))],
        **{a: action(config.get(a, "destroy")) for a in ACTIONS},
    }
