/*
 * mailbox_requests -- requests to the mailbox helper as an input has them, and
 * the mailboxes that they are about.
 */
#ifndef MAILBOX_REQUESTS_H
#define MAILBOX_REQUESTS_H

#include "../../helpers/mailbox.c"

#include "../../helpers/entry.h"
#include "../unit/remove_tree.h"
#include "accounts.h"
#include "shelf.h"
#include "table.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>

#define TICKETS 4

static char folder[64], mail[96];
/* The third one is nobody's. */
static const char *const boxes[] = {"a", "b", "c", "../secret", ""};
/* Stands in files that no request may reach. */
static const char secret[] = "S3CRET-OF-OTHERS";

/* How often accounts has told of a ticket, less what it has opened. */
static int good[TICKETS];
/* By the request's number: the ticket that it shows; TICKETS: what an opening
 * has given out. */
static unsigned shown[TABLE_REQUESTS];
static uint32_t handle;
static unsigned char resume[WIRE_RESUME_MAX];
static size_t resume_length;
static uint64_t shelf;
static int spool = -1;
static unsigned inputs; /* so far */

static inline const char *
some_box(void)
{
	const uint8_t which = table_u8();

	return boxes[which < 240 ? which % 2 : which % 5];
}

static inline void
put_ticket(struct packet *p, unsigned number)
{
	unsigned char ticket[WIRE_TICKET_SIZE];

	/* None that an earlier input has told of. */
	memset(ticket, 'A' + (int)number, sizeof(ticket));
	memcpy(ticket, &inputs, sizeof(inputs));
	packet_put_data(p, ticket, sizeof(ticket));
}

/* A letter that lies in a mailbox, or what the input says. */
static inline void
put_file(struct packet *p)
{
	const uint8_t which = table_u8();
	char path[256], file[WIRE_FILE_MAX] = "new/x";
	struct dirent *e;
	DIR *dir;

	if (which > 200) {
		table_put_octets(p, WIRE_FILE_MAX + 4);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s/%s", mail, boxes[which % 2],
	    which % 4 < 2 ? "new" : "cur");
	if ((dir = opendir(path)) != NULL) {
		for (int n = which / 16; n >= 0 && (e = readdir(dir)) != NULL;)
			if (e->d_name[0] != '.' && n-- == 0)
				snprintf(file, sizeof(file), "%s/%s",
				    which % 4 < 2 ? "new" : "cur", e->d_name);
		closedir(dir);
	}
	packet_put_text(p, file);
}

static inline void
put_handle(struct packet *p)
{
	const uint8_t how = table_u8();

	packet_put_u32(p, how < 240 ? handle : how < 250 ? 1 : table_u32());
}

static inline void
put_files(struct packet *p)
{
	const uint32_t count = table_u8() % 8;

	packet_put_u32(p, count == 7 ? table_u32() : count);
	for (uint32_t i = 0; i < count % 7; i++)
		put_file(p);
}

/* What deliveries and retracts begin with; its time is now. */
static inline void
put_head(struct packet *p, uint64_t size, uint64_t lines, uint8_t flags)
{
	static int64_t now;
	const uint32_t count = 1 + table_u8() % 3;

	if (now == 0)
		now = clock_wall();
	packet_put_u64(p, table_u8());
	packet_put_u64(p, (uint64_t)now);
	packet_put_u64(p, size);
	packet_put_u64(p, lines);
	packet_put_u8(p, flags);
	packet_put_u32(p, count);
	for (uint32_t i = 0; i < count; i++)
		packet_put_text(p, some_box());
}

static inline void
put_letter(struct packet *p, int is_large)
{
	static char large[WIRE_INLINE_MAX + 7];
	const uint8_t flags = table_u8() % 16;
	size_t length;
	const uint8_t *body = table_octets(WIRE_INLINE_MAX, &length);
	uint64_t lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += body[i] == '\n' && (i == 0 || body[i - 1] != '\r');
	if (!is_large || spool == -1) {
		put_head(
		    p, length, flags & WIRE_DELIVER_WIRE ? 0 : lines, flags);
		packet_put_data(p, body, length);
		return;
	}
	if (pwrite(spool, large, sizeof(large), 0) != sizeof(large))
		abort();
	put_head(p, sizeof(large), 0, flags);
	packet_put_data(p, body, 0);
	p->fd = table_u8() == 9 ? open("/dev/null", O_RDWR | O_CLOEXEC)
				: dup(spool);
}

static inline void
put_fetch(struct packet *p)
{
	const uint8_t how = table_u8();
	const uint32_t count = 1 + how % 4;

	put_handle(p);
	packet_put_u8(p, how != 9);
	packet_put_u64(p, how % 2 ? shelf : 0);
	packet_put_u32(p, how == 7 ? SHELF_PLACES : how % SHELF_PLACES);
	packet_put_u32(p, how == 8 ? table_u32() : count);
	for (uint32_t i = 0; i < count; i++) {
		put_file(p);
		packet_put_u64(p, table_u8());
	}
}

static inline void
put_open(struct packet *p, uint32_t id)
{
	const uint8_t how = table_u8();
	unsigned number = how % TICKETS;

	/* Mostly one that is good: others are waited for. */
	for (unsigned i = 0; how > 8 && i < TICKETS && good[number] <= 0; i++)
		number = (number + 1) % TICKETS;
	if (how > 8 && (how > 200 || good[number] <= 0)) {
		packet_put_data(p, resume, resume_length);
		return;
	}
	shown[id] = number;
	put_ticket(p, number);
}

static inline void
put_told_ticket(struct packet *p)
{
	const unsigned number = table_u8() % TICKETS;
	const uint8_t how = table_u8();
	char path[160];

	put_ticket(p, number);
	packet_put_text(p, boxes[how % 2]);
	packet_put_u32(p, getuid());
	packet_put_u32(p, getgid());
	snprintf(path, sizeof(path), "%s%s%s", how == 9 ? "" : mail,
	    how == 8 ? "/../" : "/", boxes[how % 2]);
	packet_put_text(p, path);
	packet_put_u64(p, how == 7 ? 0 : (uint64_t)clock_after(TABLE_TIME));
	good[number]++;
}

/* The fields that a row's request has; table_spoil may change them. */
static inline void
put_fields(struct packet *p, uint32_t id)
{
	switch (p->head.type) {
	case WIRE_TICKET:
		put_told_ticket(p);
		return;
	case WIRE_DELIVER:
		put_letter(p, table_u8() % 8 == 0);
		return;
	case WIRE_ROOM:
		packet_put_u64(p, table_u32());
		packet_put_u32(p, 1);
		packet_put_text(p, some_box());
		return;
	case WIRE_RETRACT:
		put_head(p, table_u8(), 0, table_u8() % 16);
		return;
	case WIRE_OPEN:
		put_open(p, id);
		return;
	case WIRE_FETCH:
		put_fetch(p);
		return;
	case WIRE_EXPUNGE:
	case WIRE_MARK:
		put_handle(p);
		put_files(p);
		return;
	case WIRE_VISIT:
		put_handle(p);
		packet_put_u64(p, table_u8());
		table_put_octets(p, 64);
		return;
	case WIRE_DAMAGED:
	case WIRE_CLOSE:
	case WIRE_LEAVE:
		put_handle(p);
		return;
	case WIRE_SHELF:
		return;
	default: /* WIRE_CHANGED, WIRE_SPOOL, WIRE_BOX_... */
		packet_put_text(p, some_box());
		return;
	}
}

static inline void
mailbox_request(struct packet *p, uint32_t id)
{
	const uint8_t kind = table_u8();
	const size_t count = sizeof(rows) / sizeof(rows[0]) - 1;

	packet_init(p, rows[kind % count].type);
	p->head.id = id;
	shown[id] = TICKETS;
	if (kind < 240)
		put_fields(p, id);
	else
		table_put_raw(p);
	table_spoil(p);
	if (p->error != 0)
		abort();
}

static inline void
write_secret(const char *name)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, secret, sizeof(secret)) != sizeof(secret))
		abort();
	close(fd);
}

static inline int
remove_letter(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)f;
	return type == FTW_F ? remove(path) : 0;
}

/* After an input: nobody's files have gone; letters go, some of the times. */
static inline int
mailbox_requests_end(void)
{
	char path[160];

	if (spool != -1)
		close(spool);
	spool = -1;
	handle = 0;
	shelf = 0;
	resume_length = 0;
	memset(good, 0, sizeof(good));
	if (++inputs % 8 == 0)
		nftw(mail, remove_letter, 16, FTW_PHYS);
	snprintf(path, sizeof(path), "%s/secret", folder);
	return access(path, F_OK);
}

static inline void
mailbox_requests_remove(void)
{
	remove_tree(folder);
}

/* On memory, where the system has such a file system: syncs are not what is
 * tried here. */
static inline void
mailbox_requests_setup(void)
{
	snprintf(folder, sizeof(folder), "%s/ringmail-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(mail, sizeof(mail), "%s/mail", folder);
	if (mkdir(mail, 0755) == -1)
		abort();
	write_secret("secret");
	atexit(mailbox_requests_remove);
}

#endif
