/* SPDX-License-Identifier: MIT */
/*
 * From the tree of config.h to struct tk_domain_config: what depends on
 * several keys (the command line, maxmem, what is required) is settled here
 * when config_keys.c and config_values.c have read them all.
 */
#include "domain_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_wishes.h"

#define DEFAULT_MEMORY_MIB 32
#define DEFAULT_PORTS      1023 /* xl's */

char *tk_text_copy(const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? malloc(size) : NULL;

	return copy ? memcpy(copy, text, size) : NULL;
}

/* Cards ------------------------------------------------------------------- */

static bool has_vif(const struct tk_domain_config *domain, uint32_t handle)
{
	size_t i;

	for (i = 0; i < domain->n_vifs; i++) {
		if (domain->vifs[i].handle == handle)
			return true;
	}
	return false;
}

int tk_wishes_add_vif(struct tk_domain_config *domain, const struct tk_vif *vif,
		      struct tk_error *err)
{
	struct tk_vif *vifs, *added;

	if (vif->has_handle && has_vif(domain, vif->handle))
		return tk_fail(err, "there is a card %u already", vif->handle);
	vifs = realloc(domain->vifs, (domain->n_vifs + 1) * sizeof(*vifs));
	if (!vifs)
		return tk_fail(err, "out of memory");
	domain->vifs = vifs;
	added = &vifs[domain->n_vifs];
	*added = *vif;
	/* As xl: its place in the list, if nobody else has that number. */
	if (!added->has_handle)
		added->handle = (uint32_t)domain->n_vifs;
	while (!added->has_handle && has_vif(domain, added->handle))
		added->handle++;
	added->has_handle = true;
	domain->n_vifs++;
	return 0;
}

static void choose_addresses(struct tk_domain_config *domain)
{
	size_t i;

	for (i = 0; i < domain->n_vifs; i++) {
		if (!domain->vifs[i].has_mac)
			tk_vif_choose_mac(&domain->vifs[i], domain->name);
	}
}

int tk_domain_config_add_vif(struct tk_domain_config *domain,
			     const struct tk_vif *vif, struct tk_error *err)
{
	if (tk_wishes_add_vif(domain, vif, err))
		return -1;
	choose_addresses(domain);
	return 0;
}

void tk_domain_config_drop_vif(struct tk_domain_config *domain, size_t index)
{
	domain->n_vifs--;
	memmove(&domain->vifs[index], &domain->vifs[index + 1],
		(domain->n_vifs - index) * sizeof(domain->vifs[0]));
}

static int copy_vifs(struct tk_domain_config *to,
		     const struct tk_domain_config *from)
{
	size_t size = from->n_vifs * sizeof(*from->vifs);

	to->vifs = NULL;
	to->n_vifs = 0;
	if (!size)
		return 0;
	to->vifs = malloc(size);
	if (!to->vifs)
		return -1;
	memcpy(to->vifs, from->vifs, size);
	to->n_vifs = from->n_vifs;
	return 0;
}

static int check_required(struct wishes *wishes)
{
	if (!wishes->name)
		return tk_fail(wishes->err, "%s: name is not set",
			       wishes->config->file_name);
	if (!wishes->kernel || !*wishes->kernel)
		return tk_fail(wishes->err, "%s: kernel is not set",
			       wishes->config->file_name);
	return 0;
}

static int settle_memory(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->memory_mib = wishes->memory ? wishes->memory : wishes->maxmem;
	if (!domain->memory_mib)
		domain->memory_mib = DEFAULT_MEMORY_MIB;
	domain->maxmem_mib =
		wishes->maxmem ? wishes->maxmem : domain->memory_mib;
	if (domain->min_memory_mib > domain->memory_mib)
		return tk_wishes_key_fail(
			wishes, tk_config_find(wishes->config, "min_memory"),
			"min_memory = %llu is more than memory = %llu",
			(unsigned long long)domain->min_memory_mib,
			(unsigned long long)domain->memory_mib);
	if (domain->maxmem_mib >= domain->memory_mib)
		return 0;
	return tk_wishes_key_fail(wishes,
				  tk_config_find(wishes->config, "maxmem"),
				  "maxmem = %llu is less than memory = %llu",
				  (unsigned long long)domain->maxmem_mib,
				  (unsigned long long)domain->memory_mib);
}

/* More than `vcpus` only become possible: the guest starts with those. */
static int settle_vcpus(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->vcpus = wishes->vcpus ? (unsigned int)wishes->vcpus : 1;
	domain->max_vcpus = wishes->maxvcpus ? (unsigned int)wishes->maxvcpus
					     : domain->vcpus;
	if (domain->max_vcpus < domain->vcpus)
		return tk_wishes_key_fail(
			wishes, tk_config_find(wishes->config, "maxvcpus"),
			"maxvcpus = %u is less than vcpus = %u",
			domain->max_vcpus, domain->vcpus);
	domain->weight = (uint16_t)wishes->cpu_weight;
	if (wishes->cap > 100ull * domain->max_vcpus)
		return tk_wishes_key_fail(
			wishes, tk_config_find(wishes->config, "cap"),
			"cap = %llu: %u vCPUs can use %u per cent",
			(unsigned long long)wishes->cap, domain->max_vcpus,
			100 * domain->max_vcpus);
	domain->cap = (uint16_t)wishes->cap;
	return 0;
}

static int read_map(struct wishes *wishes, const char *key,
		    const struct tk_config_value *value, struct tk_cpu_map *map)
{
	if (value->type != TK_CONFIG_LIST && tk_cpu_map_parse(map, value->text))
		return 0;
	return tk_wishes_value_fail(wishes, value,
				    "%s: must be CPUs as in \"0-3,8,^2\"", key);
}

/*
 * As xl: text is for every vCPU; of a list each element is for one, and those
 * without an element may run anywhere.
 */
static int settle_cpus(struct wishes *wishes,
		       const struct tk_config_setting *setting,
		       struct tk_cpu_map **maps)
{
	unsigned int count = wishes->domain->max_vcpus, i;
	const struct tk_config_value *value;

	if (!setting)
		return 0;
	value = &setting->value;
	*maps = malloc(count * sizeof(**maps));
	if (!*maps)
		return tk_fail(wishes->err, "%s: out of memory",
			       wishes->config->file_name);
	memset(*maps, 0xff, count * sizeof(**maps));
	if (value->type == TK_CONFIG_LIST) {
		for (i = 0; i < count && i < value->n_items; i++) {
			if (read_map(wishes, setting->key, &value->items[i],
				     &(*maps)[i]))
				return -1;
		}
		return 0;
	}
	if (read_map(wishes, setting->key, value, &(*maps)[0]))
		return -1;
	for (i = 1; i < count; i++)
		(*maps)[i] = (*maps)[0];
	return 0;
}

/* A copy, or an error and NULL. */
static char *wishes_copy(struct wishes *wishes, const char *text)
{
	char *copy = tk_text_copy(text);

	if (!copy)
		tk_fail(wishes->err, "%s: out of memory",
			wishes->config->file_name);
	return copy;
}

/* As xl: cmdline alone when it is set, else root= before extra. */
static char *make_cmdline(struct wishes *wishes)
{
	const char *root = wishes->root ? wishes->root : "";
	const char *extra = wishes->extra ? wishes->extra : "";
	size_t size = strlen(root) + strlen(extra) + sizeof("root= ");
	char *text;

	if (wishes->cmdline)
		return wishes_copy(wishes, wishes->cmdline);
	if (!*root)
		return wishes_copy(wishes, extra);
	text = malloc(size);
	if (text)
		snprintf(text, size, "root=%s%s%s", root, *extra ? " " : "",
			 extra);
	else
		tk_fail(wishes->err, "%s: out of memory",
			wishes->config->file_name);
	return text;
}

static int settle_cmdline(struct wishes *wishes)
{
	char *cmdline = make_cmdline(wishes);

	wishes->domain->cmdline = cmdline;
	if (!cmdline)
		return -1;
	if (strlen(cmdline) < TK_CMDLINE_SIZE)
		return 0;
	return tk_fail(wishes->err,
		       "%s: the kernel command line has %zu characters; "
		       "the limit is %d",
		       wishes->config->file_name, strlen(cmdline),
		       TK_CMDLINE_SIZE - 1);
}

static int settle_strings(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->name = wishes_copy(wishes, wishes->name);
	if (!domain->name)
		return -1;
	domain->kernel = wishes_copy(wishes, wishes->kernel);
	if (!domain->kernel)
		return -1;
	if (!wishes->ramdisk || !*wishes->ramdisk)
		return 0;
	domain->ramdisk = wishes_copy(wishes, wishes->ramdisk);
	return domain->ramdisk ? 0 : -1;
}

static int settle(struct wishes *wishes)
{
	if (check_required(wishes) || settle_memory(wishes) ||
	    settle_vcpus(wishes))
		return -1;
	if (settle_cpus(wishes, wishes->cpus, &wishes->domain->hard) ||
	    settle_cpus(wishes, wishes->cpus_soft, &wishes->domain->soft))
		return -1;
	if (settle_cmdline(wishes) || settle_strings(wishes))
		return -1;
	choose_addresses(wishes->domain);
	return 0;
}

int tk_domain_config_from(struct tk_domain_config *domain,
			  const struct tk_config *config, struct tk_error *err)
{
	struct wishes wishes = {
		.config = config,
		.err = err,
		.domain = domain,
	};

	*domain = (struct tk_domain_config){
		.on_poweroff = TK_ACTION_DESTROY,
		.on_reboot = TK_ACTION_RESTART,
		.on_crash = TK_ACTION_DESTROY,
		.on_watchdog = TK_ACTION_DESTROY,
		.max_event_channels = DEFAULT_PORTS,
	};
	if (!tk_wishes_read(&wishes) && !settle(&wishes))
		return 0;
	tk_domain_config_free(domain);
	return -1;
}

int tk_domain_config_parse(struct tk_domain_config *domain,
			   const char *file_name, const char *text, size_t size,
			   struct tk_error *err)
{
	return tk_domain_config_parse_with(domain, file_name, text, size, NULL,
					   0, err);
}

int tk_domain_config_parse_with(struct tk_domain_config *domain,
				const char *file_name, const char *text,
				size_t size, char *const *overrides,
				size_t n_overrides, struct tk_error *err)
{
	struct tk_config config;
	size_t i;
	int rc = 0;

	if (tk_config_parse(&config, file_name, text, size, err))
		return -1;
	for (i = 0; i < n_overrides && !rc; i++)
		rc = tk_config_override(&config, overrides[i], err);
	if (!rc)
		rc = tk_domain_config_from(domain, &config, err);
	tk_config_free(&config);
	return rc;
}

void tk_domain_config_free(struct tk_domain_config *domain)
{
	size_t i;

	for (i = 0; i < domain->n_disks; i++)
		tk_disk_free(&domain->disks[i]);
	for (i = 0; i < domain->n_start_after; i++)
		free(domain->start_after[i]);
	free(domain->start_after);
	free(domain->notices);
	free(domain->disks);
	free(domain->vifs);
	free(domain->name);
	free(domain->kernel);
	free(domain->ramdisk);
	free(domain->cmdline);
	free(domain->hard);
	free(domain->soft);
	memset(domain, 0, sizeof(*domain));
}

static int copy_disks(struct tk_domain_config *to,
		      const struct tk_domain_config *from)
{
	size_t i;

	to->disks = NULL;
	to->n_disks = 0;
	if (!from->n_disks)
		return 0;
	to->disks = calloc(from->n_disks, sizeof(*to->disks));
	if (!to->disks)
		return -1;
	to->n_disks = from->n_disks;
	for (i = 0; i < from->n_disks; i++) {
		to->disks[i] = from->disks[i];
		to->disks[i].target = tk_text_copy(from->disks[i].target);
	}
	for (i = 0; i < from->n_disks; i++) {
		if (!to->disks[i].target)
			return -1;
	}
	return 0;
}

static int copy_names(struct tk_domain_config *to,
		      const struct tk_domain_config *from)
{
	size_t i;

	to->start_after = NULL;
	to->n_start_after = 0;
	if (!from->n_start_after)
		return 0;
	to->start_after = calloc(from->n_start_after, sizeof(*to->start_after));
	if (!to->start_after)
		return -1;
	for (i = 0; i < from->n_start_after; i++) {
		to->start_after[i] = tk_text_copy(from->start_after[i]);
		if (!to->start_after[i])
			return -1;
		to->n_start_after++;
	}
	return 0;
}

/* NULL for NULL; else whether there was memory shows in *rc. */
static struct tk_cpu_map *copy_maps(const struct tk_cpu_map *maps,
				    unsigned int count, int *rc)
{
	size_t size = count * sizeof(*maps);
	struct tk_cpu_map *copy = maps ? malloc(size) : NULL;

	if (copy)
		memcpy(copy, maps, size);
	else if (maps)
		*rc = -1;
	return copy;
}

int tk_domain_config_copy(struct tk_domain_config *to,
			  const struct tk_domain_config *from)
{
	int rc;

	*to = *from;
	to->name = tk_text_copy(from->name);
	to->kernel = tk_text_copy(from->kernel);
	to->ramdisk = tk_text_copy(from->ramdisk);
	to->cmdline = tk_text_copy(from->cmdline);
	to->notices = NULL; /* they have been told */
	rc = copy_disks(to, from);
	if (copy_vifs(to, from))
		rc = -1;
	if (copy_names(to, from))
		rc = -1;
	to->hard = copy_maps(from->hard, from->max_vcpus, &rc);
	to->soft = copy_maps(from->soft, from->max_vcpus, &rc);
	if (!rc && to->name && to->kernel && to->cmdline &&
	    (to->ramdisk || !from->ramdisk))
		return 0;
	tk_domain_config_free(to);
	return -1;
}

int tk_domain_config_add_disk(struct tk_domain_config *domain,
			      struct tk_disk *disk, struct tk_error *err)
{
	struct tk_disk *disks;
	size_t i;

	for (i = 0; i < domain->n_disks; i++) {
		if (domain->disks[i].number == disk->number)
			return tk_fail(err, "%s is there already", disk->vdev);
	}
	disks = realloc(domain->disks, (domain->n_disks + 1) * sizeof(*disks));
	if (!disks)
		return tk_fail(err, "out of memory");
	domain->disks = disks;
	disks[domain->n_disks++] = *disk;
	return 0;
}

void tk_domain_config_drop_disk(struct tk_domain_config *domain, size_t index)
{
	tk_disk_free(&domain->disks[index]);
	domain->n_disks--;
	memmove(&domain->disks[index], &domain->disks[index + 1],
		(domain->n_disks - index) * sizeof(domain->disks[0]));
}
