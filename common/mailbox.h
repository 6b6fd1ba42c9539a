/*
 * mailbox -- the stub of the mailbox helper: deliveries for smtpd, maildrops
 * for pop3d.  Calls wait (the fiber parks) and take an absolute deadline.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "mailbox_fetched.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct device;

/*
 * The mailbox helpers, of which each has some of the mailboxes: the first one's
 * socket is at path (below the process's root directory), the others' behind a
 * dot and their number.  Of the calling worker, as all that follows; at most
 * limit requests to one helper are under way.  NULL with errno.
 */
struct mailbox;
struct mailbox *mailbox_connect(const char *path, unsigned limit);

/* As device_close, for all of them; *m (NULL is fine) becomes NULL. */
void mailbox_disconnect(struct mailbox **m);

enum mailbox_result {
	MAILBOX_OK,
	MAILBOX_NO_BOX,	   /* a recipient has gone meanwhile */
	MAILBOX_FULL,	   /* quota or disk: may be tried again later */
	MAILBOX_IN_USE,	   /* another session holds the maildrop */
	MAILBOX_NO_LETTER, /* somebody else removed it */
	MAILBOX_TOO_SOON,  /* after the last visit: mailbox_visit.h */
	MAILBOX_DENIED,	   /* ticket or token unknown, used, or too old */
	MAILBOX_TEMPORARY, /* the helper is away, or its disk fails */
	MAILBOX_RESULTS
};

/* Mailboxes of one message, through all aliases: far above what one look-up may
 * give (WIRE_TARGETS_MAX). */
#define MAILBOX_BOXES_MAX 1000

/* What smtpd hands over.  All pointers are borrowed for the call. */
struct mailbox_delivery {
	uint64_t trace;	  /* with `received`, makes the file's name */
	int64_t received; /* wall clock, ns */
	unsigned count;	  /* of mailboxes, MAILBOX_BOXES_MAX at most */
	const char (*names)[WIRE_NAME_MAX]; /* canonical, no doubles */
	uint64_t size;	/* stored octets: the whole body, LF line ends */
	uint64_t lines; /* its LFs without a CR: wire octets are size + lines */
	int wire;	/* as POP3 sends it: CRLF, no dot begins a line */
	const void *body; /* size octets, if size <= WIRE_INLINE_MAX; else */
	int spool;	  /* a descriptor from mailbox_spool that holds them */
	/*
	 * Each mailbox stands for itself (RFC 2033 4.2, PRDR): what fails for
	 * one does not keep the message from the others.  Else all get it, or
	 * none.
	 */
	int each;
	/* NULL, or count results that mailbox_deliver sets, whatever it
	 * returns. */
	enum mailbox_result *results;
};

/*
 * An unnamed file on the mail file system for a body too large to travel in a
 * request; *fd is the caller's.  name is the first recipient's mailbox.
 */
enum mailbox_result
mailbox_spool(struct mailbox *m, const char *name, int *fd, int64_t deadline);

/*
 * Whether count mailboxes (names as in struct mailbox_delivery) have room for a
 * message of size octets now, 0 where that is not known.  MAILBOX_OK,
 * MAILBOX_FULL, MAILBOX_NO_BOX or MAILBOX_TEMPORARY.
 */
enum mailbox_result mailbox_room(struct mailbox *m, unsigned count,
    const char (*names)[WIRE_NAME_MAX], uint64_t size, int64_t deadline);

/*
 * Commits a message to all its mailboxes.  MAILBOX_OK: it is durable in each,
 * exactly once, and POP3 sees it.  Anything else: it may be tried again with
 * the same trace and time; at no time does a mailbox hold it twice.
 *
 * More than WIRE_TARGETS_MAX mailboxes take several requests, as do those of
 * several helpers.  Unless each stands for itself, what was carried out is
 * taken back where a later one fails.
 *
 * m->results, where m->each is set: MAILBOX_OK for each mailbox that holds the
 * message as above; any other result for one that does not; MAILBOX_OK is
 * returned where all do, else a result of those that do not.  Where m->each is
 * not set, and MAILBOX_OK is not returned: no mailbox holds it, and those whose
 * result is not MAILBOX_OK are to blame.  Either way, MAILBOX_TEMPORARY may
 * stand for "not known" where the helper did not answer in time.
 */
enum mailbox_result mailbox_deliver(struct mailbox *mailbox,
    const struct mailbox_delivery *m, int64_t deadline);

/* An open maildrop (RFC 1939): the exclusive session of one mailbox. */
struct mailbox_session {
	struct device *device; /* of the helper that has the mailbox */
	uint32_t handle; /* the helper's; renewed if the helper restarted */
	uint8_t resume[WIRE_RESUME_MAX];
	uint32_t resume_length;
	uint32_t count;	 /* letters */
	uint64_t octets; /* of all, as sent */
	uint32_t row;	 /* octets of a row of their catalog (catalog.h) */
	int catalog;	 /* its descriptor; -1 where there are none */
	int has_removed; /* mailbox_expunge was called */
};

/* One letter of the snapshot that was fixed at login. */
struct mailbox_letter {
	uint64_t octets;	  /* as sent: CRLF line ends, no dot-stuffing */
	uint64_t size;		  /* as stored */
	char file[WIRE_FILE_MAX]; /* "new/..." or "cur/..." as seen at login */
	char uidl[71];		  /* RFC 1939 7: 1 to 70 of 0x21 to 0x7E */
};

/*
 * Opens the maildrop that the ticket stands for.  MAILBOX_OK, MAILBOX_IN_USE,
 * MAILBOX_DENIED, MAILBOX_TEMPORARY.  s->catalog has the letters of the login,
 * whatever becomes of the helper; it belongs to s until mailbox_close.
 */
enum mailbox_result
mailbox_open(struct mailbox *m, const unsigned char ticket[WIRE_TICKET_SIZE],
    struct mailbox_session *s, int64_t deadline);

/* Tells that the catalog has a row that can't be read: the helper makes it anew
 * for the next login. */
void mailbox_damaged(struct mailbox_session *s, int64_t deadline);

/* A letter of the snapshot that is asked for. */
struct mailbox_wanted {
	const char *file;
	uint64_t size; /* as stored, as far as the snapshot knows */
};

/*
 * Fetches n letters of the snapshot (1 to MAILBOX_FETCH_MAX).  Where small is 0
 * or the first is larger than MAILBOX_SMALL_MAX, f->fd is a read-only
 * descriptor of the first; else the octets of the first, and of as many of
 * those behind it as there was room for (SHELF_ROOM, or MAILBOX_ANSWER_MAX),
 * wait for mailbox_fetched_next.  On MAILBOX_OK, f is the caller's, to be freed
 * with mailbox_fetched_free; else it is empty.
 */
enum mailbox_result
mailbox_fetch(struct mailbox_session *s, const struct mailbox_wanted *wanted,
    uint32_t n, int small, struct mailbox_fetched *f, int64_t deadline);

/*
 * Removes the letters named by n files of the snapshot; durable when it
 * returns MAILBOX_OK.  A file that has gone already counts as removed.
 * On anything else some may be removed, and none that was not named.
 */
enum mailbox_result mailbox_expunge(struct mailbox_session *s,
    const char *const *files, uint32_t n, int64_t deadline);

/*
 * Lets the maildrop go.  Never fails; waits shortly at most, and not at all
 * where nothing was removed: a later mailbox_open finds it free either way.
 */
void mailbox_close(struct mailbox_session *s);

#endif
