#include "mailbox_command.h"
#include "catalog.h"
#include "clock.h"
#include "listen.h"
#include "output.h"
#include "progress.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* A file in memory for what the helper does, which goes with the request where
 * there is a bar to be moved; NULL: there is none. */
static struct progress_numbers *
share_progress(struct packet *request)
{
	const size_t size = sizeof(struct progress_numbers);
	void *numbers = MAP_FAILED;
	int fd;

	if (!progress_is_on())
		return NULL;
	fd = memfd_create("progress", MFD_CLOEXEC);
	if (fd != -1 && ftruncate(fd, (off_t)size) == 0)
		numbers = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (numbers != MAP_FAILED) {
		request->fd = fd;
		return numbers;
	}
	if (fd != -1)
		close(fd);
	return NULL;
}

/* Asks about one mailbox; CLIENT_OK: reply's fields can be read. */
static enum client_exit
ask(int fd, uint16_t type, const char *mailbox, struct packet *reply)
{
	struct progress_numbers *numbers = NULL;
	struct packet request;
	enum client_exit code;

	packet_init(reply, 0);
	if (strlen(mailbox) >= WIRE_NAME_MAX) {
		warnx("too long: %.80s...", mailbox);
		return CLIENT_USAGE;
	}
	packet_init(&request, type);
	packet_put_text(&request, mailbox);
	/* All letters may have to be read. */
	client_wait(CLIENT_HOUR);
	client_about(mailbox);
	progress_begin(mailbox, "letters", 0);
	if (type != WIRE_BOX_VISIT && type != WIRE_BOX_LIST)
		numbers = share_progress(&request);
	progress_watch(numbers);
	code = client_call(fd, &request, reply);
	progress_end();
	if (numbers != NULL)
		munmap(numbers, sizeof(*numbers));
	packet_free(&request);
	return code;
}

static void
print_letter(const struct mailbox_letter *l)
{
	if (!output_json) {
		printf(
		    "%s %" PRIu64 " %" PRIu64 " ", l->uidl, l->octets, l->size);
		/* The Maildir's owner may name files as he likes. */
		output_plain(l->file);
		putchar('\n');
	}
	output_next();
	output_text("uidl", l->uidl);
	output_number("octets", l->octets);
	output_number("stored", l->size);
	output_text("file", l->file);
}

/* A line for each letter: its UIDL, octets as sent and as stored, its file. */
static enum client_exit
print_letters(int fd, uint32_t row, uint32_t count)
{
	struct mailbox_letter l;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (catalog_read(fd, row, i, &l) == -1) {
			warnx("letter %" PRIu32 " of the index is damaged: use "
			      "mailctl mailbox repair",
			    i + 1);
			return CLIENT_REFUSED;
		}
		print_letter(&l);
	}
	return CLIENT_OK;
}

static enum client_exit
print_all(int fd, uint32_t row, uint32_t count)
{
	enum client_exit code;

	output_begin(1);
	code = print_letters(fd, row, count);
	if (code == CLIENT_OK)
		output_end();
	return code;
}

enum client_exit
mailbox_command_list(int fd, char **args, int count)
{
	struct packet reply;
	enum client_exit code;
	uint32_t letters, row;
	int catalog;

	(void)count;
	code = ask(fd, WIRE_BOX_LIST, args[0], &reply);
	if (code == CLIENT_OK) {
		letters = packet_get_u32(&reply);
		(void)packet_get_u64(&reply);
		row = packet_get_u32(&reply);
		catalog = packet_take_fd(&reply);
		if (catalog == -1 || !catalog_is_row(row))
			reply.error = EBADMSG;
		code = client_end(&reply);
		if (code == CLIENT_OK)
			code = print_all(catalog, row, letters);
		if (catalog != -1)
			close(catalog);
	}
	packet_free(&reply);
	return code;
}

/* What the index is found to be, in the order of its numbers on the wire. */
static const char *const states[] = {
    "fits", "is older than the Maildir", "is damaged", "is not there yet"};

#define CHECK_FIELDS 8

static enum client_exit
print_findings(struct packet *reply)
{
	static const char *const names[CHECK_FIELDS] = {NULL,
	    "letters in the Maildir", "letters in the index", "damaged rows",
	    "letters that the index lacks", "rows whose letter has gone",
	    "UIDLs that are stored", "of them damaged"};
	uint32_t fields[CHECK_FIELDS];
	enum client_exit code;

	for (int i = 0; i < CHECK_FIELDS; i++)
		fields[i] = packet_get_u32(reply);
	if (reply->error == 0 &&
	    fields[0] >= sizeof(states) / sizeof(states[0]))
		reply->error = EBADMSG;
	if ((code = client_end(reply)) != CLIENT_OK)
		return code;
	output_begin(0);
	output_next();
	output_text("index", states[fields[0]]);
	if (!output_json)
		printf("the index %s\n", states[fields[0]]);
	for (int i = 1; i < CHECK_FIELDS; i++) {
		output_number(names[i], fields[i]);
		if (!output_json)
			printf("%" PRIu32 " %s\n", fields[i], names[i]);
	}
	output_end();
	/* An index that fits, but lacks or invents letters, lies. */
	if (fields[0] == 2 || fields[7] > 0 ||
	    (fields[0] == 0 && (fields[4] > 0 || fields[5] > 0)))
		return CLIENT_REFUSED;
	return CLIENT_OK;
}

enum client_exit
mailbox_command_check(int fd, char **args, int count)
{
	struct packet reply;
	enum client_exit code;

	(void)count;
	code = ask(fd, WIRE_BOX_CHECK, args[0], &reply);
	if (code == CLIENT_OK)
		code = print_findings(&reply);
	packet_free(&reply);
	return code;
}

static enum client_exit
print_sums(struct packet *reply)
{
	uint32_t letters = packet_get_u32(reply);
	uint64_t octets = packet_get_u64(reply);
	enum client_exit code = client_end(reply);

	if (code != CLIENT_OK)
		return code;
	if (!output_json)
		printf("%" PRIu32 " letters, %" PRIu64 " octets\n", letters,
		    octets);
	output_number("letters", letters);
	output_number("octets", octets);
	return code;
}

enum client_exit
mailbox_command_repair(int fd, char **args, int count)
{
	struct packet reply;
	enum client_exit code;

	(void)count;
	code = ask(fd, WIRE_BOX_REPAIR, args[0], &reply);
	if (code == CLIENT_OK) {
		output_begin(0);
		output_next();
		code = print_sums(&reply);
		if (code == CLIENT_OK)
			output_end();
	}
	packet_free(&reply);
	return code;
}

static enum client_exit
import(int fd, uint16_t type, const char *mailbox)
{
	struct packet reply;
	enum client_exit code;
	uint32_t found, added, skipped;

	code = ask(fd, type, mailbox, &reply);
	if (code == CLIENT_OK) {
		found = packet_get_u32(&reply);
		added = packet_get_u32(&reply);
		skipped = packet_get_u32(&reply);
		if (!output_json)
			printf("%" PRIu32 " UIDLs found, %" PRIu32
			       " of them new, %" PRIu32 " lines passed over\n",
			    found, added, skipped);
		output_begin(0);
		output_next();
		output_number("found", found);
		output_number("new", added);
		output_number("passed_over", skipped);
		code = print_sums(&reply);
		if (code == CLIENT_OK)
			output_end();
	}
	packet_free(&reply);
	return code;
}

enum client_exit
mailbox_command_import(int fd, char **args, int count)
{
	(void)count;
	return import(fd, WIRE_BOX_IMPORT, args[0]);
}

enum client_exit
mailbox_command_xuidl(int fd, char **args, int count)
{
	(void)count;
	return import(fd, WIRE_BOX_XUIDL, args[0]);
}

/* NULL: there was none. */
static void
print_visit(const char *when, const char *address)
{
	if (!output_json && when == NULL)
		puts("never");
	else if (!output_json)
		printf("%s %s\n", when, address);
	output_begin(0);
	output_next();
	output_text("when", when);
	output_text("client", address);
	output_end();
}

enum client_exit
mailbox_command_visit(int fd, char **args, int count)
{
	char address[LISTEN_TEXT_MAX], when[32];
	struct packet reply;
	enum client_exit code;
	struct tm tm;
	time_t t;

	(void)count;
	code = ask(fd, WIRE_BOX_VISIT, args[0], &reply);
	if (code == CLIENT_OK) {
		t = (time_t)(packet_get_u64(&reply) / CLOCK_SECOND);
		packet_get_text(&reply, address, sizeof(address));
		code = client_end(&reply);
		if (code == CLIENT_OK && gmtime_r(&t, &tm) != NULL &&
		    strftime(when, sizeof(when), "%FT%TZ", &tm) > 0)
			print_visit(
			    t == 0 ? NULL : when, t == 0 ? NULL : address);
	}
	packet_free(&reply);
	return code;
}
