/* SPDX-License-Identifier: MIT */
/* See config_json.h. */
#include "cli/config_json.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "toolstack/mac.h"
#include "toolstack/uuid.h"

static void put_text(struct json *json, const char *key, const char *text)
{
	json_text(json, key, text, strlen(text));
}

static void put_if_any(struct json *json, const char *key, const char *text)
{
	if (text && *text)
		put_text(json, key, text);
}

static void put_identity(struct json *json,
			 const struct tk_domain_config *config,
			 const struct config_now *now)
{
	char text[TK_UUID_TEXT_SIZE];

	json_open(json, "c_info", '{');
	put_text(json, "type", "pv");
	put_text(json, "name", config->name);
	if (config->has_uuid || now) {
		tk_uuid_print(text, now ? now->uuid : config->uuid);
		put_text(json, "uuid", text);
	}
	json_close(json);
}

static bool is_full(const struct tk_cpu_map *map)
{
	size_t i;

	for (i = 0; i < sizeof(map->bits) && map->bits[i] == 0xff; i++)
		;
	return i == sizeof(map->bits);
}

static void put_cpus(struct json *json, const struct tk_cpu_map *map)
{
	unsigned int cpu;

	json_open(json, NULL, '[');
	for (cpu = 0; cpu < TK_CPUS_MAX; cpu++) {
		if (tk_cpu_map_has(map, cpu))
			json_number(json, NULL, cpu);
	}
	json_close(json);
}

/* One list of CPUs for each vCPU; "all" where it may run anywhere. */
static void put_affinity(struct json *json, const char *key,
			 const struct tk_cpu_map *maps, unsigned int vcpus)
{
	unsigned int i;

	if (!maps)
		return;
	json_open(json, key, '[');
	for (i = 0; i < vcpus; i++) {
		if (is_full(&maps[i]))
			put_text(json, NULL, "all");
		else
			put_cpus(json, &maps[i]);
	}
	json_close(json);
}

static void put_available(struct json *json,
			  const struct tk_domain_config *config,
			  const struct config_now *now)
{
	unsigned int i;

	json_open(json, "avail_vcpus", '[');
	for (i = 0; i < config->max_vcpus; i++) {
		if (now ? now->online[i] : i < config->vcpus)
			json_number(json, NULL, i);
	}
	json_close(json);
}

static void put_vcpus(struct json *json, const struct tk_domain_config *config,
		      const struct config_now *now)
{
	json_number(json, "max_vcpus", config->max_vcpus);
	put_available(json, config, now);
	put_affinity(json, "vcpu_hard_affinity", config->hard,
		     config->max_vcpus);
	put_affinity(json, "vcpu_soft_affinity", config->soft,
		     config->max_vcpus);
	json_open(json, "sched_params", '{');
	if (config->weight)
		json_number(json, "weight", config->weight);
	if (config->cap)
		json_number(json, "cap", config->cap);
	json_close(json);
}

static void put_build(struct json *json, const struct tk_domain_config *config,
		      const struct config_now *now)
{
	json_open(json, "b_info", '{');
	put_vcpus(json, config, now);
	json_number(json, "max_memkb",
		    now ? now->max_kib : config->maxmem_mib * 1024);
	json_number(json, "target_memkb",
		    now ? now->target_kib : config->memory_mib * 1024);
	json_number(json, "event_channels", config->max_event_channels);
	if (config->max_grant_frames)
		json_number(json, "max_grant_frames", config->max_grant_frames);
	if (config->max_maptrack_frames)
		json_number(json, "max_maptrack_frames",
			    config->max_maptrack_frames);
	if (config->has_native_tsc)
		put_text(json, "tsc_mode", "native");
	if (config->rtc_timeoffset) {
		char text[16];

		snprintf(text, sizeof(text), "%d", (int)config->rtc_timeoffset);
		put_text(json, "rtc_timeoffset", text);
	}
	put_text(json, "kernel", config->kernel);
	put_if_any(json, "cmdline", config->cmdline);
	put_if_any(json, "ramdisk", config->ramdisk);
	json_open(json, "type.pv", '{');
	json_close(json);
	json_close(json);
}

static void put_disk(struct json *json, const struct tk_disk *disk)
{
	json_open(json, NULL, '{');
	put_text(json, "pdev_path", disk->target);
	put_text(json, "vdev", disk->vdev);
	put_text(json, "backend", tk_disk_type_name(disk->type));
	put_text(json, "format", "raw");
	json_number(json, "readwrite", disk->read_only ? 0 : 1);
	if (disk->is_cdrom)
		json_number(json, "is_cdrom", 1);
	if (disk->no_discard)
		put_text(json, "discard_enable", "False");
	json_close(json);
}

static void put_vif(struct json *json, const struct tk_vif *vif)
{
	char mac[TK_MAC_TEXT_SIZE];

	tk_mac_print(mac, vif->mac);
	json_open(json, NULL, '{');
	json_number(json, "devid", vif->handle);
	put_text(json, "mac", mac);
	put_text(json, "bridge", *vif->bridge ? vif->bridge : TK_VIF_BRIDGE);
	put_if_any(json, "ip", vif->ip);
	put_if_any(json, "script", vif->script);
	put_if_any(json, "ifname", vif->vifname);
	if (vif->mtu)
		json_number(json, "mtu", vif->mtu);
	if (vif->is_untrusted)
		put_text(json, "trusted", "False");
	if (vif->rate_bytes) {
		json_number(json, "rate_bytes_per_interval", vif->rate_bytes);
		json_number(json, "rate_interval_usecs", vif->rate_us);
	}
	json_close(json);
}

static void put_devices(struct json *json,
			const struct tk_domain_config *config)
{
	size_t i;

	json_open(json, "disks", '[');
	for (i = 0; i < config->n_disks; i++)
		put_disk(json, &config->disks[i]);
	json_close(json);
	json_open(json, "nics", '[');
	for (i = 0; i < config->n_vifs; i++)
		put_vif(json, &config->vifs[i]);
	json_close(json);
}

void config_json(struct json *json, const char *key,
		 const struct tk_domain_config *config,
		 const struct config_now *now)
{
	json_open(json, key, '{');
	put_identity(json, config, now);
	put_build(json, config, now);
	put_devices(json, config);
	put_text(json, "on_poweroff", tk_action_name(config->on_poweroff));
	put_text(json, "on_reboot", tk_action_name(config->on_reboot));
	put_text(json, "on_crash", tk_action_name(config->on_crash));
	put_text(json, "on_watchdog", tk_action_name(config->on_watchdog));
	json_close(json);
}

void cli_show_notices(const char *path, const struct tk_domain_config *config)
{
	const char *line = config->notices;

	while (line && *line) {
		size_t length = strcspn(line, "\n");

		cli_print("notice: %s: %.*s\n", path, (int)length, line);
		line += length + 1;
	}
}
