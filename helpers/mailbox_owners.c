#include "mailbox_owners.h"

#include "accounts.h"
#include "clock.h"
#include "device.h"
#include "homes.h"
#include "log.h"
#include "packet.h"
#include "server.h"
#include "share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Owners remembered; each has one place where it can be. */
#define SLOTS	     8192
#define ASK_TIME     (10 * CLOCK_SECOND)
#define ABSOLUTE_MAX (2 * OWNER_PATH_MAX)

struct known {
	char name[WIRE_NAME_MAX];
	struct owner owner;
};

static struct known *slots[SLOTS];
static struct device *link_ask;
static const char *root;
static unsigned own_number, helpers;
/* Grows with each WIRE_CHANGED: an answer from before it is not kept. */
static uint64_t changes;

void
mailbox_owners_setup(
    struct device *link, const char *path, unsigned number, unsigned count)
{
	link_ask = link;
	root = path;
	own_number = number;
	helpers = count;
}

int
mailbox_owners_is_ours(const struct owner *o, unsigned *helper)
{
	*helper = share_of(root, o->path, helpers);
	return *helper == own_number;
}

void
mailbox_owners_redirect(struct request **q, unsigned n)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)n);
	request_reply(q, PACKET_ELSEWHERE, &fields);
	packet_free(&fields);
}

static struct known **
slot_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &slots[hash % SLOTS];
}

static struct known *
find_known(const char *name)
{
	struct known *k = *slot_of(name);

	return k != NULL && strcmp(k->name, name) == 0 ? k : NULL;
}

static void
keep(const char *name, const struct owner *o)
{
	struct known **slot = slot_of(name);

	if (*slot == NULL && (*slot = calloc(1, sizeof(**slot))) == NULL)
		return;
	memset(*slot, 0, sizeof(**slot));
	snprintf((*slot)->name, sizeof((*slot)->name), "%s", name);
	(*slot)->owner = *o;
}

int
mailbox_owners_path(struct owner *o, const char *path)
{
	size_t length = strlen(root);

	if (strncmp(path, root, length) == 0 && path[length] == '/')
		path += length + 1;
	else if (!homes_has(path))
		return -1;
	else
		length = 0;
	if (strlen(path) >= sizeof(o->path) || *path == '\0' ||
	    (length > 0 && *path == '/'))
		return -1;
	snprintf(o->path, sizeof(o->path), "%s", path);
	return 0;
}

/* Reads the answer to WIRE_OWNER. */
static enum mailbox_result
read_owner(struct packet *reply, struct owner *o)
{
	char path[ABSOLUTE_MAX];
	uint8_t result;

	if (reply->head.status == PACKET_REFUSED) {
		result = packet_get_u8(reply);
		return packet_end(reply) == 0 && result == ACCOUNTS_NO_USER
			   ? MAILBOX_NO_BOX
			   : MAILBOX_TEMPORARY;
	}
	if (reply->head.status != PACKET_OK)
		return MAILBOX_TEMPORARY;
	o->uid = packet_get_u32(reply);
	o->gid = packet_get_u32(reply);
	packet_get_text(reply, path, sizeof(path));
	o->quota = packet_get_u64(reply);
	o->quota_messages = packet_get_u64(reply);
	if (packet_end(reply) == -1 || mailbox_owners_path(o, path) == -1) {
		log_error("owner.malformed");
		return MAILBOX_TEMPORARY;
	}
	return MAILBOX_OK;
}

enum mailbox_result
mailbox_owners_find(const char *name, struct owner *o)
{
	const struct known *k = find_known(name);
	struct packet request, reply;
	enum mailbox_result result = MAILBOX_TEMPORARY;
	uint64_t before = changes;

	if (k != NULL) {
		*o = k->owner;
		return MAILBOX_OK;
	}
	packet_init(&request, WIRE_OWNER);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	if (device_call(link_ask, &request, &reply, DEVICE_REPEAT,
		clock_after(ASK_TIME)) == 0)
		result = read_owner(&reply, o);
	packet_free(&request);
	packet_free(&reply);
	if (result == MAILBOX_OK && before == changes)
		keep(name, o);
	return result;
}

void
mailbox_owners_forget(const char *name)
{
	struct known **slot;
	size_t i;

	changes++;
	if (*name == '\0') {
		for (i = 0; i < SLOTS; i++) {
			free(slots[i]);
			slots[i] = NULL;
		}
	} else if (find_known(name) != NULL) {
		slot = slot_of(name);
		free(*slot);
		*slot = NULL;
	}
}
