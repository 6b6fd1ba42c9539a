#include "accounts_owner.h"

#include "helper.h"
#include "log.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The path of a virtual mailbox: 0, or -1 where it is too long. */
static int
virtual_path(const struct helpers_conf *conf, const struct address *a,
    char *path, size_t size)
{
	const char *c, *part;
	size_t at;

	at = (size_t)snprintf(path, size, "%s/", conf->mail_root);
	for (c = conf->mail_layout; *c != '\0' && at < size; c++) {
		char one[2] = {*c, '\0'};

		part = one;
		if (*c == '%' && c[1] == 'd')
			part = a->domain;
		else if (*c == '%' && c[1] == 'u')
			part = a->local;
		if (*c == '%' && c[1] != '\0')
			c++;
		at += (size_t)snprintf(path + at, size - at, "%s", part);
	}
	if (at < size)
		return 0;
	log_error("owner.path", log_text("domain", a->domain),
	    log_errno(ENAMETOOLONG));
	return -1;
}

int
accounts_owner_find(const struct helper *h, const struct address *a,
    const struct record_user *user, struct accounts_owner *o)
{
	o->quota = user->quota;
	if (!user->has_quota) {
		o->quota.octets = (uint64_t)h->conf->default_quota;
		o->quota.messages = (uint64_t)h->conf->quota_messages;
	}
	if (user->system.path[0] == '\0') {
		o->uid = h->mail_uid;
		o->gid = h->mail_gid;
		return virtual_path(h->conf, a, o->path, sizeof(o->path));
	}
	o->uid = user->system.uid;
	o->gid = user->system.gid;
	snprintf(o->path, sizeof(o->path), "%s", user->system.path);
	return 0;
}

/* Whether the path is as short as it can be: no part is empty or has dots. */
static int
is_plain(const char *path)
{
	const char *part = path;
	size_t length;

	while (*part == '/') {
		length = strcspn(++part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return 0;
		part += length;
	}
	return part != path && *part == '\0';
}

static int
is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

const char *
accounts_owner_check(const struct helper *h, const struct record_system *s)
{
	const struct helpers_conf *conf = h->conf;
	size_t i;

	if (s->uid < (uint64_t)conf->lowest_uid ||
	    s->gid < (uint64_t)conf->lowest_uid || s->uid == UINT32_MAX ||
	    s->gid == UINT32_MAX)
		return "the system user's uid or gid is below lowest_uid of "
		       "helpers.conf";
	if (!is_plain(s->path))
		return "the system user's home is no plain, absolute path";
	for (i = 0; i < conf->homes.count; i++)
		if (is_below(s->path, conf->homes.items[i]))
			return NULL;
	return "the system user's home is not below one of the homes of "
	       "helpers.conf";
}

int
accounts_owner_limited(const struct helper *h)
{
	return h->conf->default_quota > 0 || h->conf->quota_messages > 0;
}
