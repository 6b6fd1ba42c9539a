#include "export_command.h"

#include "ask.h"
#include "csv.h"
#include "output.h"
#include "quota.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A mailbox's place on another server, NUL included. */
#define PLACE_MAX  1024
#define JOINED_MAX (WIRE_TARGETS_MAX * (WIRE_NAME_MAX + 2) + 16)

enum format { CSV, PASSWD, VIRTUAL };

/* What the command line says. */
struct wanted {
	enum format format;
	int with_hashes;
	const char *domain;
};

/* One user of an answer. */
struct user {
	char name[WIRE_NAME_MAX], hash[WIRE_HASH_MAX], path[WIRE_NAME_MAX];
	char place[PLACE_MAX], senders[JOINED_MAX];
	uint8_t way, own;
	uint64_t octets, messages;
	uint32_t uid, gid;
};

static enum client_exit
take_line(struct wanted *w, int is_user, char **args, int count)
{
	int i;

	w->domain = "";
	for (i = 0; i < count && args[i][0] == '-'; i++) {
		const char *value = i + 1 < count ? args[i + 1] : "";

		if (is_user && strcmp(args[i], "--hashes") == 0) {
			w->with_hashes = 1;
			continue;
		}
		if (strcmp(args[i], "--format") != 0)
			break;
		if (strcmp(value, "csv") == 0)
			w->format = CSV;
		else if (is_user && strcmp(value, "passwd") == 0)
			w->format = PASSWD;
		else if (!is_user && strcmp(value, "virtual") == 0)
			w->format = VIRTUAL;
		else
			break;
		i++;
	}
	if (i < count && args[i][0] != '-')
		w->domain = args[i++];
	if (i == count)
		return ask_check_length(w->domain);
	warnx(is_user ? "user export takes: " EXPORT_COMMAND_USER_USAGE
		      : "alias export takes: " EXPORT_COMMAND_ALIAS_USAGE);
	return CLIENT_USAGE;
}

static void
get_user(struct packet *reply, struct user *u)
{
	char sender[WIRE_NAME_MAX];
	size_t at = 0;
	uint32_t count;

	packet_get_text(reply, u->name, sizeof(u->name));
	u->way = packet_get_u8(reply);
	packet_get_text(reply, u->hash, sizeof(u->hash));
	u->own = packet_get_u8(reply);
	u->octets = packet_get_u64(reply);
	u->messages = packet_get_u64(reply);
	u->senders[0] = '\0';
	count = packet_get_u32(reply);
	if (count > WIRE_TARGETS_MAX)
		reply->error = EBADMSG;
	for (uint32_t i = 0; i < count && reply->error == 0; i++) {
		packet_get_text(reply, sender, sizeof(sender));
		at += (size_t)snprintf(u->senders + at, sizeof(u->senders) - at,
		    "%s%s", i == 0 ? "" : ", ", sender);
	}
	u->uid = packet_get_u32(reply);
	u->gid = packet_get_u32(reply);
	packet_get_text(reply, u->path, sizeof(u->path));
	packet_get_text(reply, u->place, sizeof(u->place));
}

/* As import reads it: without its hash unless that was asked for. */
static void
write_password(const struct user *u, char *to, size_t size)
{
	const char *scheme = "{CRYPT}";

	if (u->way == WIRE_IMPORT_PAM)
		scheme = "{PAM}";
	else if (u->hash[0] == '\0')
		scheme = "";
	else if (strncmp(u->hash, "$argon2id$", 10) == 0)
		scheme = "{ARGON2ID}";
	snprintf(to, size, "%s%s", scheme, u->hash);
}

static void
write_ids(const struct user *u, char *uid, char *gid, size_t size)
{
	uid[0] = gid[0] = '\0';
	if (u->path[0] == '\0')
		return;
	snprintf(uid, size, "%" PRIu32, u->uid);
	snprintf(gid, size, "%" PRIu32, u->gid);
}

static void
print_csv(const struct user *u)
{
	char password[WIRE_HASH_MAX + 16], quota[QUOTA_TEXT_MAX] = "";
	char uid[16], gid[16];
	const char *const fields[] = {
	    u->name, password, quota, u->senders, uid, gid, u->path};

	write_password(u, password, sizeof(password));
	write_ids(u, uid, gid, sizeof(uid));
	if (u->own)
		quota_print(u->octets, u->messages, quota, sizeof(quota));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		csv_put(stdout, fields[i], i == 0);
	putchar('\n');
	explicit_bzero(password, sizeof(password));
}

/* Dovecot's passwd-file. */
static void
print_passwd(const struct user *u)
{
	char password[WIRE_HASH_MAX + 16], uid[16], gid[16];

	write_password(u, password, sizeof(password));
	write_ids(u, uid, gid, sizeof(uid));
	printf("%s:%s:%s:%s::", u->name, password, uid, gid);
	if (u->path[0] != '\0')
		printf("%.*s",
		    (int)(strrchr(u->path, '/') == NULL
			      ? 0
			      : strrchr(u->path, '/') - u->path),
		    u->path);
	printf("::");
	if (u->path[0] != '\0')
		printf("userdb_mail=maildir:%s", u->path);
	if (u->own)
		printf("%suserdb_quota_rule=*:bytes=%" PRIu64
		       ":messages=%" PRIu64,
		    u->path[0] == '\0' ? "" : " ", u->octets, u->messages);
	putchar('\n');
	explicit_bzero(password, sizeof(password));
}

static void
print_json(const struct user *u, int with_hashes)
{
	static const char *const ways[WIRE_IMPORT_WAYS] = {
	    "none", "here", "here", "pam"};

	output_next();
	output_text("user", u->name);
	output_text("password", ways[u->way % WIRE_IMPORT_WAYS]);
	if (with_hashes)
		output_text("hash", u->hash[0] == '\0' ? NULL : u->hash);
	if (u->own) {
		output_number("quota_octets", u->octets);
		output_number("quota_messages", u->messages);
	}
	output_words("senders", u->senders);
	if (u->path[0] != '\0') {
		output_number("uid", u->uid);
		output_number("gid", u->gid);
		output_text("maildir", u->path);
	}
	if (u->place[0] != '\0')
		output_text("backend", u->place);
}

/* One page; the last name is left in after. */
static enum client_exit
print_users(
    const struct wanted *w, struct packet *reply, char *after, uint32_t *count)
{
	static struct user u;

	*count = packet_get_u32(reply);
	for (uint32_t i = 0; i < *count && reply->error == 0; i++) {
		get_user(reply, &u);
		if (reply->error != 0)
			break;
		if (output_json)
			print_json(&u, w->with_hashes);
		else if (w->format == PASSWD)
			print_passwd(&u);
		else
			print_csv(&u);
		memcpy(after, u.name, sizeof(u.name));
	}
	explicit_bzero(&u, sizeof(u));
	return client_end(reply);
}

enum client_exit
export_command_user(int fd, char **args, int count)
{
	struct wanted w = {.format = CSV};
	char after[WIRE_NAME_MAX] = "";
	struct packet request, reply;
	enum client_exit code;
	uint32_t found;

	if ((code = take_line(&w, 1, args, count)) != CLIENT_OK)
		return code;
	output_begin(1);
	if (!output_json && w.format == CSV)
		puts("user,password,quota,senders,uid,gid,maildir");
	do {
		packet_init(&request, WIRE_EXPORT);
		packet_init(&reply, 0);
		packet_put_text(&request, after);
		packet_put_text(&request, w.domain);
		packet_put_u8(&request, (uint8_t)w.with_hashes);
		found = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = print_users(&w, &reply, after, &found);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && found > 0);
	if (code == CLIENT_OK)
		output_end();
	return code;
}

static void
print_alias(const struct wanted *w, const char *name, const char *targets)
{
	const char *at = strchr(name, '@');

	if (w->domain[0] != '\0' &&
	    (at == NULL || strcasecmp(at + 1, w->domain) != 0))
		return;
	if (output_json) {
		output_next();
		output_text("alias", name);
		output_words("targets", targets);
	} else if (w->format == VIRTUAL) {
		printf("%s\t%s\n", name, targets);
	} else {
		csv_put(stdout, name, 1);
		csv_put(stdout, targets, 0);
		putchar('\n');
	}
}

static enum client_exit
print_aliases(
    const struct wanted *w, struct packet *reply, char *after, uint32_t *count)
{
	static char targets[JOINED_MAX];

	*count = packet_get_u32(reply);
	for (uint32_t i = 0; i < *count && reply->error == 0; i++) {
		packet_get_text(reply, after, WIRE_NAME_MAX);
		packet_get_text(reply, targets, sizeof(targets));
		if (reply->error == 0)
			print_alias(w, after, targets);
	}
	return client_end(reply);
}

enum client_exit
export_command_alias(int fd, char **args, int count)
{
	struct wanted w = {.format = CSV};
	char after[WIRE_NAME_MAX] = "";
	struct packet request, reply;
	enum client_exit code;
	uint32_t found;

	if ((code = take_line(&w, 0, args, count)) != CLIENT_OK)
		return code;
	output_begin(1);
	if (!output_json && w.format == CSV)
		puts("alias,targets");
	do {
		packet_init(&request, WIRE_ALIAS_LIST);
		packet_init(&reply, 0);
		packet_put_text(&request, after);
		found = 0;
		code = client_call(fd, &request, &reply);
		if (code == CLIENT_OK)
			code = print_aliases(&w, &reply, after, &found);
		packet_free(&request);
		packet_free(&reply);
	} while (code == CLIENT_OK && found > 0);
	if (code == CLIENT_OK)
		output_end();
	return code;
}

enum client_exit
export_command_domain(int fd, char **args, int count)
{
	(void)args;
	(void)count;
	return ask_pages(fd, WIRE_DOMAIN_LIST, "");
}
