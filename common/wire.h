/*
 * wire -- the numbers of all requests between processes, and the limits that
 * both ends share.  docs/helpers.md describes each one's fields.
 */
#ifndef WIRE_H
#define WIRE_H

enum wire_type {
	/* to resolver */
	WIRE_RESOLVE = 1,
	WIRE_DIAL, /* pop3d: a connection to a backend */

	/* to accounts, from smtpd and pop3d */
	WIRE_LOOKUP = 16, /* smtpd: an address to mailboxes */
	WIRE_SASL_BEGIN,  /* smtpd, pop3d: an exchange, with its channel */
	WIRE_SASL_STEP,	  /* smtpd, pop3d: the client's next response */
	WIRE_SASL_CANCEL, /* smtpd, pop3d: the client gave it up */
	WIRE_SENDER,	  /* smtpd: may this login use this address */
	WIRE_SASL_PROVED, /* pop3d: what the backend says of a password */

	/* to accounts, from mailctl */
	WIRE_DOMAIN_ADD = 32,
	WIRE_DOMAIN_DEL,
	WIRE_DOMAIN_LIST,
	WIRE_USER_ADD,
	WIRE_USER_DEL,
	WIRE_USER_PASSWD,
	WIRE_USER_LIST,
	WIRE_ALIAS_ADD,
	WIRE_ALIAS_DEL,
	WIRE_ALIAS_LIST,
	WIRE_USER_ADD_SYSTEM, /* with a Maildir in his home */
	WIRE_USER_QUOTA,
	WIRE_USER_SENDERS, /* what he may send as besides */
	WIRE_USER_PAM,	   /* a user whose password PAM knows */
	WIRE_USER_BACKEND, /* a user whose mailbox another server has */
	WIRE_BACKEND_LIST, /* users, and where their mailboxes are */

	/* likewise, also about from whom a name takes mail */
	WIRE_RULE_SET = 56,
	WIRE_RULE_DEL,
	WIRE_RULE_LIST,
	WIRE_ALIAS_CHECK, /* what is wrong with an alias */
	WIRE_IMPORT,	  /* many domains, users and aliases at once */
	WIRE_EXPORT,	  /* users, with what belongs to them */
	WIRE_EXPLAIN,	  /* what WIRE_LOOKUP would say, and why */

	/* likewise, a copy of all that accounts holds */
	WIRE_BACKUP_BEGIN = 160,
	WIRE_BACKUP_READ,
	WIRE_BACKUP_LOG,
	WIRE_BACKUP_END,

	/* on the private link between accounts and mailbox */
	WIRE_OWNER = 48, /* mailbox asks: who owns this mailbox */
	WIRE_TICKET,	 /* accounts tells: one-use ticket (no answer) */
	WIRE_CHANGED,	 /* accounts tells: forget this owner (no answer) */

	/* to mailbox, from smtpd */
	WIRE_SPOOL = 64, /* an unnamed file for a large body */
	WIRE_DELIVER,	 /* commit a message to mailboxes */
	WIRE_ROOM,	 /* whether mailboxes have room for it */
	WIRE_RETRACT,	 /* take such a message back */

	/* to mailbox, from pop3d */
	WIRE_OPEN = 80, /* a maildrop, by ticket or resume token */
	WIRE_DAMAGED,	/* what WIRE_OPEN gave can't be read */
	WIRE_FETCH,	/* letters */
	WIRE_EXPUNGE,	/* remove letters, durably */
	WIRE_CLOSE,
	WIRE_VISIT, /* when the user was here last; now he is */
	WIRE_MARK,  /* letters were seen */
	WIRE_SHELF, /* memory for letters on their way (shelf.h) */
	WIRE_LEAVE, /* as WIRE_CLOSE, where nothing was removed (no answer) */

	/* to mailbox, from mailctl */
	WIRE_BOX_LIST = 96, /* a mailbox's letters */
	WIRE_BOX_CHECK,	    /* its index against its Maildir */
	WIRE_BOX_REPAIR,    /* makes its index anew */
	WIRE_BOX_IMPORT,    /* takes over another server's UIDLs */
	WIRE_BOX_VISIT,	    /* when its user was there last */
	WIRE_BOX_XUIDL,	    /* takes over UIDLs from letters' headers */

	/* to keys, from smtpd and pop3d */
	WIRE_SIGN = 112, /* a TLS server's part of a handshake */
	WIRE_KEYS,	 /* how many keys there are */
	WIRE_KEYS_HAVE,	 /* which of some keys there are */

	/* to keys, from the parent of the helpers (no answer) */
	WIRE_KEYS_BEGIN, /* a reload: the files of its folder follow */
	WIRE_KEYS_FILE,	 /* one of them, open */
	WIRE_KEYS_END,	 /* those were all */

	/* to hasher, from accounts */
	WIRE_HASH_VERIFY = 128, /* whether a password fits a hash */
	WIRE_HASH_MAKE,		/* a new hash, and SCRAM keys */
	WIRE_HASH_TOKEN,	/* whose a signed token is */

	/* to pam, from accounts */
	WIRE_PAM_VERIFY = 136, /* whether PAM takes a password */

	/* to introspect, from accounts */
	WIRE_TOKEN_ASK = 144, /* whose a token is, as a program says */

	/* to metrics, from smtpd and pop3d */
	WIRE_METER = 152, /* the memory that they count in (no answer) */
	/* to smtpd and pop3d, from mailctl */
	WIRE_SESSIONS = 168, /* those that live */
	WIRE_SESSION_DROP    /* end one */
};

/* Whose mail WIRE_LOOKUP is about. */
enum wire_lookup_who {
	WIRE_LOOKUP_OURS,   /* a note of ours: no rule is asked */
	WIRE_LOOKUP_CLIENT, /* a client's, as he claims */
	WIRE_LOOKUP_LOGIN   /* one's who has logged in */
};

/* What WIRE_RULE_SET sets: mail from those alone, or from all but those. */
enum wire_rule { WIRE_RULE_ONLY = 1, WIRE_RULE_NOT };

/* WIRE_IMPORT: rows of one request, what it says besides; a row's kind; what a
 * user's row has, and how its password is given. */
#define WIRE_IMPORT_ROWS 100
/* Passwords in clear of one request: each costs a hash. */
#define WIRE_IMPORT_PLAIN 16
enum wire_import_flags {
	WIRE_IMPORT_DRY = 1,	 /* nothing is changed */
	WIRE_IMPORT_REPLACE = 2, /* what is there otherwise */
	WIRE_IMPORT_FLAGS = 3
};
enum wire_import_kind {
	WIRE_IMPORT_DOMAIN,
	WIRE_IMPORT_USER,
	WIRE_IMPORT_ALIAS,
	WIRE_IMPORT_KINDS
};
enum wire_import_fields {
	WIRE_IMPORT_PASSWORD = 1,
	WIRE_IMPORT_QUOTA = 2,
	WIRE_IMPORT_SENDERS = 4,
	WIRE_IMPORT_SYSTEM = 8,
	WIRE_IMPORT_LOOSE = 128, /* what it needs comes with another request */
	WIRE_IMPORT_FIELDS = 143
};
enum wire_import_way {
	WIRE_IMPORT_NONE, /* no password: no login until there is one */
	WIRE_IMPORT_HASH,
	WIRE_IMPORT_PLAIN_TEXT,
	WIRE_IMPORT_PAM,
	WIRE_IMPORT_WAYS
};
/* WIRE_EXPLAIN: what has the name. */
enum wire_explain {
	WIRE_EXPLAIN_NOTHING,
	WIRE_EXPLAIN_USER,
	WIRE_EXPLAIN_ALIAS,
	WIRE_EXPLAIN_CATCH_ALL,
	WIRE_EXPLAIN_POSTMASTER, /* who has no name of his own */
	WIRE_EXPLAIN_HOWS
};

/* What became of a row. */
enum wire_import_result {
	WIRE_IMPORT_ADDED,
	WIRE_IMPORT_CHANGED,
	WIRE_IMPORT_KEPT, /* it was there already */
	WIRE_IMPORT_REFUSED,
	WIRE_IMPORT_RESULTS
};
/* Why, with a NUL. */
#define WIRE_IMPORT_WHY_MAX 512
/* A stored hash, with a NUL. */
#define WIRE_HASH_MAX 384

/* What WIRE_DELIVER says besides, in one octet. */
enum wire_deliver_flags {
	WIRE_DELIVER_AGAIN = 1, /* may have been carried out before */
	WIRE_DELIVER_WIRE = 2,	/* its octets are those that POP3 sends */
	WIRE_DELIVER_EACH = 4,	/* each mailbox stands for itself */
	WIRE_DELIVER_PART = 8,	/* other helpers get it for other mailboxes */
	WIRE_DELIVER_FLAGS = 15
};

/* In the place of a mailbox's result: another helper has it, whose number is
 * added. */
#define WIRE_DELIVER_MOVED 0x80

/* Mailbox helpers at most. */
#define WIRE_HELPERS_MAX  16
#define WIRE_HELPERS_TEXT "16"

/* A mailbox's name, user@domain in canonical form, NUL included. */
#define WIRE_NAME_MAX 321
/* An address as RFC 5321 4.5.3.1 bounds it (path less brackets), with a NUL;
 * we take what RFC 3696 errata and the field take: 64 + 1 + 255. */
#define WIRE_ADDRESS_MAX 321
/* Mailboxes of one look-up, and of one delivery. */
#define WIRE_TARGETS_MAX 100
/* Faults of an alias that WIRE_ALIAS_CHECK tells of, each with its NUL. */
#define WIRE_FAULTS_MAX 64
#define WIRE_FAULT_MAX	768
/* Octets of a file that one WIRE_BACKUP_READ brings. */
#define WIRE_BACKUP_PIECE 49152
/* A password, NUL included. */
#define WIRE_PASSWORD_MAX 256
#define WIRE_TICKET_SIZE  16
/* What one side of an exchange says at once, before base64: RFC 4954 4 lets a
 * line have 12,288 octets. */
#define WIRE_SASL_MAX 9216
/* A mechanism's name, NUL included: RFC 4422 3.1 allows 20 octets. */
#define WIRE_MECHANISM_MAX 21
/* Sessions of one answer; a command's name, NUL included. */
#define WIRE_SESSIONS_MOST 100
#define WIRE_COMMAND_MAX   16
/* Names of keys in one WIRE_KEYS_HAVE. */
#define WIRE_KEYS_ASKED 1024

/* A channel binding: an exported key, or a certificate's hash. */
#define WIRE_BINDING_MAX 64
/* A client's address as text, and a host's name, NUL included. */
#define WIRE_CLIENT_MAX 64
#define WIRE_HOST_MAX	256
/* How the way to a backend is encrypted. */
enum wire_backend_tls {
	WIRE_BACKEND_IMPLICIT, /* RFC 8314 3 */
	WIRE_BACKEND_STLS,     /* RFC 2595 4 */
	WIRE_BACKEND_NONE,     /* not at all */
	WIRE_BACKEND_TLS_KINDS
};
/* What is said of a backend: bits. */
enum wire_backend_flags {
	WIRE_BACKEND_THERE = 1, /* it says whether a password is right */
	WIRE_BACKEND_LEARN = 2	/* and its first good one is stored here */
};

/* What a helper gives a POP3 session to come back with: sealed. */
#define WIRE_RESUME_MAX 640
/* A file's name in a Maildir, with "new/" or "cur/", NUL included. */
#define WIRE_FILE_MAX 260
/* Letters that one WIRE_EXPUNGE removes, with one sync: a mailbox helper that
 * unlinks so many serves nobody else meanwhile. */
#define WIRE_EXPUNGE_MAX 500
/* A body up to this size travels inside WIRE_DELIVER itself: it fits into a
 * packet beside WIRE_TARGETS_MAX of the longest names. */
#define WIRE_INLINE_MAX 32768

#endif
