#include "accounts_backup.h"

#include "accounts_admin.h"
#include "clock.h"
#include "kv_copy.h"
#include "log.h"
#include "server.h"
#include "wire.h"

#include <stdint.h>
#include <stdlib.h>

/* Without a request a copy is given up. */
#define PATIENCE (300 * CLOCK_SECOND)

static struct {
	const void *owner; /* NULL: there is no copy */
	int64_t asked;	   /* for the last time */
} copy;

/* Nothing waits while this holds something. */
static struct kv_copy_file files[KV_COPY_MOST];

static void
end_copy(void)
{
	copy.owner = NULL;
	kv_copy_end(accounts.directory.kv);
}

static int
refuse(struct request *q, const char *why)
{
	struct packet fields;

	packet_init(&fields, q->packet.head.type);
	packet_put_text(&fields, why);
	request_reply(&q, PACKET_REFUSED, &fields);
	packet_free(&fields);
	return 0;
}

static int
reply_list(struct request *q, enum kv_status status, size_t count)
{
	struct packet fields;

	if (status != KV_OK) {
		end_copy();
		accounts_fail(&q);
		return 0;
	}
	packet_init(&fields, q->packet.head.type);
	packet_put_u32(&fields, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		packet_put_text(&fields, files[i].name);
		packet_put_u64(&fields, files[i].size);
	}
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

/* Whether the connection has the copy; it stays alive then. */
static int
is_owner(struct request *q)
{
	if (copy.owner == NULL || *request_peer_data(q) != copy.owner)
		return 0;
	copy.asked = clock_now();
	return 1;
}

static int
refuse_stranger(struct request *q)
{
	return refuse(q, "no backup has begun here, or it was left alone for "
			 "too long: begin anew");
}

int
answer_backup_begin(struct request *q)
{
	void **data = request_peer_data(q);
	enum kv_status status;
	size_t count;

	if (packet_end(&q->packet) == -1)
		return -1;
	if (copy.owner != NULL)
		return refuse(q, "another backup is under way: wait for it");
	/* One octet, of which the place alone counts. */
	if (*data == NULL && (*data = malloc(1)) == NULL) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	copy.owner = *data;
	copy.asked = clock_now();
	log_info("backup.begin");
	status = kv_copy_begin(accounts.directory.kv, files, &count);
	return reply_list(q, status, count);
}

int
answer_backup_log(struct request *q)
{
	enum kv_status status;
	size_t count;

	if (packet_end(&q->packet) == -1)
		return -1;
	if (!is_owner(q))
		return refuse_stranger(q);
	status = kv_copy_log(accounts.directory.kv, files, &count);
	return reply_list(q, status, count);
}

int
answer_backup_read(struct request *q)
{
	static unsigned char data[WIRE_BACKUP_PIECE];
	char name[KV_COPY_NAME];
	enum kv_status status;
	struct packet fields;
	size_t length;
	uint64_t at;

	packet_get_text(&q->packet, name, sizeof(name));
	at = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1)
		return -1;
	if (!is_owner(q))
		return refuse_stranger(q);
	status = kv_copy_read(
	    accounts.directory.kv, name, at, data, sizeof(data), &length);
	if (status == KV_NONE)
		return refuse(q, "the database has no such file");
	if (status == KV_FAILED) {
		end_copy();
		accounts_fail(&q);
		return 0;
	}
	packet_init(&fields, WIRE_BACKUP_READ);
	packet_put_data(&fields, data, length);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

int
answer_backup_end(struct request *q)
{
	if (packet_end(&q->packet) == -1)
		return -1;
	if (!is_owner(q))
		return refuse_stranger(q);
	end_copy();
	log_info("backup.end");
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

void
accounts_backup_gone(const void *peer_data)
{
	if (copy.owner == NULL || copy.owner != peer_data)
		return;
	log_warn("backup.given_up");
	end_copy();
}

void
accounts_backup_expire(void)
{
	if (copy.owner == NULL || clock_now() - copy.asked < PATIENCE)
		return;
	log_warn("backup.given_up");
	end_copy();
}
