#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
put_owner(struct packet *p, const struct owner *owner)
{
	packet_put_u32(p, owner->uid);
	packet_put_u32(p, owner->gid);
	packet_put_text(p, owner->path);
}

static void
get_owner(struct packet *p, struct owner *owner)
{
	owner->uid = packet_get_u32(p);
	owner->gid = packet_get_u32(p);
	packet_get_text(p, owner->path, sizeof(owner->path));
}

void
entry_put_deliver(struct packet *p, uint64_t trace, const char *name,
    unsigned count, const struct owner *(*owner)(const void *arg, unsigned i),
    const void *arg, size_t size)
{
	unsigned i;

	packet_put_u64(p, trace);
	packet_put_text(p, name);
	packet_put_u32(p, count);
	for (i = 0; i < count; i++)
		put_owner(p, owner(arg, i));
	packet_put_u32(p, (uint32_t)size);
}

void
entry_put_expunge(struct packet *p, const struct owner *owner,
    const char *const *files, unsigned n)
{
	unsigned i;

	put_owner(p, owner);
	packet_put_u32(p, n);
	for (i = 0; i < n; i++)
		packet_put_text(p, files[i]);
}

static int
read_deliver(struct entry *e, struct packet *p)
{
	uint32_t count, i;

	e->trace = packet_get_u64(p);
	packet_get_text(p, e->name, sizeof(e->name));
	count = packet_get_u32(p);
	if (p->error != 0 || count == 0 || count > WIRE_TARGETS_MAX)
		return -1;
	if ((e->owners = calloc(count, sizeof(*e->owners))) == NULL)
		return -1;
	for (i = 0; i < count; i++)
		get_owner(p, &e->owners[i]);
	e->owner_count = count;
	e->body = packet_get_data(p, WIRE_INLINE_MAX, &e->size);
	return packet_end(p);
}

static int
read_expunge(struct entry *e, struct packet *p)
{
	uint32_t count, i;

	if ((e->owners = calloc(1, sizeof(*e->owners))) == NULL)
		return -1;
	get_owner(p, &e->owners[0]);
	e->owner_count = 1;
	count = packet_get_u32(p);
	if (p->error != 0 || count == 0 || count > ENTRY_FILES_MAX)
		return -1;
	if ((e->files = calloc(count, sizeof(*e->files))) == NULL)
		return -1;
	for (i = 0; i < count; i++) {
		packet_get_text(p, e->files[i], sizeof(e->files[i]));
		if (p->error != 0 || !maildir_is_file(e->files[i]))
			return -1;
	}
	e->file_count = count;
	return packet_end(p);
}

int
entry_read(struct entry *e, uint32_t type, const void *data, size_t length)
{
	struct packet p;

	memset(e, 0, sizeof(*e));
	errno = EBADMSG;
	if (length > UINT32_MAX)
		return -1;
	/* Read only: the packet owns nothing. */
	packet_init(&p, 0);
	p.data = (unsigned char *)(uintptr_t)data;
	p.length = p.capacity = (uint32_t)length;
	e->type = (enum entry_type)type;
	switch (type) {
	case ENTRY_DELIVER:
		return read_deliver(e, &p);
	case ENTRY_EXPUNGE:
	case ENTRY_RETRACT:
		return read_expunge(e, &p);
	}
	return -1;
}

void
entry_free(struct entry *e)
{
	free(e->owners);
	free(e->files);
	memset(e, 0, sizeof(*e));
}

/* FNV-1a. */
uint64_t
entry_key(const char *path, const char *name)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325);
	size_t i, length = maildir_base_length(name);

	for (i = 0; path[i] != '\0'; i++)
		key = (key ^ (unsigned char)path[i]) * UINT64_C(0x100000001b3);
	key = (key ^ '\n') * UINT64_C(0x100000001b3);
	for (i = 0; i < length; i++)
		key = (key ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	return key;
}
