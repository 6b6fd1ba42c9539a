/*
 * meter -- what a process counts of itself, in memory that it shares with its
 * parent and that whoever shows the counters may read (meter_read.h).
 *
 *	parent		makes the memory before its first child, and keeps it:
 *			what a child has counted is there for the next one
 *	process		has some sets of cells in it, one for each of its
 *			threads; a thread writes its own set alone
 *
 * So counting is a load, an addition and a store of one word that is in the
 * thread's own cache: no lock, no locked instruction, no system call.  A sum
 * over a process's sets is true at any time (of gauges: a session may begin on
 * one thread and end on another; sums are taken modulo 2^64).
 *
 * meter_table.h says what each cell is called, docs/metrics.md what it means.
 */
#ifndef METER_H
#define METER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* A histogram's cells: so many bounds, each twice the one before it, what is
 * above the last, and the sum. */
#define METER_BOUNDS	24
#define METER_HISTOGRAM (METER_BOUNDS + 2)
/* The first bound of times, ns: 16 us; the last is 134 s. */
#define METER_TIME_FIRST 16000

/* What labels' values there are; meter_table.c has their names. */
enum meter_tls { METER_TLS_OTHER, METER_TLS_12, METER_TLS_13, METER_TLS_KINDS };
enum meter_result {
	METER_GOOD,
	METER_BAD,	 /* no: it is the client's fault */
	METER_TEMPORARY, /* it may work later */
	METER_RESULTS
};
enum meter_helper {
	METER_ACCOUNTS,
	METER_MAILBOX,
	METER_RESOLVER,
	METER_KEYS,
	METER_HASHER, /* those that accounts has work for it */
	METER_OTHER_HELPER,
	METER_HELPERS
};
#define METER_LEVELS	 4  /* enum log_level */
#define METER_STATUSES	 5  /* enum packet_status */
#define METER_MECHANISMS 13 /* meter_mechanism */
#define METER_COMMANDS	 40 /* meter_command */
#define METER_CODES	 40 /* meter_code */

#define METER_CELLS_OF(name, count) name, name##_LAST = name + (count)-1

/* The cells.  What is no gauge only grows. */
enum meter_cell {
	/* of all processes */
	METER_STARTS,
	METER_CELLS_OF(METER_LINES, METER_LEVELS),
	METER_LINES_LOST,
	METER_LINES_LEFT_OUT,
	METER_FIBERS,	   /* gauge */
	METER_STACKS,	   /* gauge: fibers' stacks, those in caches too */
	METER_STACKS_IDLE, /* gauge: those in caches */
	METER_CELLS_OF(METER_PENDING, METER_HELPERS), /* gauge: requests */
	METER_CELLS_OF(METER_REQUEST, METER_HELPERS *METER_HISTOGRAM),
	METER_CELLS_OF(METER_LOST, METER_HELPERS),

	/* of smtpd and pop3d */
	METER_SESSIONS, /* gauge */
	METER_SESSIONS_TOTAL,
	METER_HANDED,	  /* gauge: connections that wait for their worker */
	METER_HANDSHAKES, /* gauge: handshakes that wait for a thread */
	METER_REFUSED,
	METER_EVICTED,
	METER_OCTETS_IN,
	METER_OCTETS_OUT,
	METER_CELLS_OF(METER_TLS, METER_TLS_KINDS),
	METER_TLS_FAILED,
	METER_CELLS_OF(METER_REPLIES, METER_CODES),
	METER_CELLS_OF(METER_COMMAND, METER_COMMANDS),
	METER_CELLS_OF(METER_BANNER_TIME, METER_HISTOGRAM),
	METER_CELLS_OF(METER_COMMAND_TIME, METER_HISTOGRAM),
	METER_CELLS_OF(METER_LOGIN_TIME, METER_HISTOGRAM),
	METER_CELLS_OF(METER_LOGINS, METER_MECHANISMS *METER_RESULTS),

	/* of smtpd */
	METER_CELLS_OF(METER_MESSAGES, METER_RESULTS),
	METER_MESSAGE_OCTETS,
	METER_RECIPIENTS,
	METER_CELLS_OF(METER_COMMIT_TIME, METER_HISTOGRAM),

	/* of pop3d */
	METER_RETRIEVED,
	METER_RETRIEVED_OCTETS,
	METER_DELETED,

	/* of helpers */
	METER_ANSWERING, /* gauge: requests read and not yet answered */
	METER_CELLS_OF(
	    METER_ANSWERED, METER_STATUSES), /* by enum packet_status */
	METER_MALFORMED,
	METER_WAITING, /* gauge: logins that wait for a hasher */

	/* of mailbox */
	METER_QUEUED, /* gauge: deliveries that wait for a batch */
	METER_CELLS_OF(METER_BATCH, METER_HISTOGRAM),
	METER_CELLS_OF(METER_SYNC_TIME, METER_HISTOGRAM),
	METER_JOURNAL_USED,  /* gauge: octets of the file in use */
	METER_JOURNAL_SIZE,  /* gauge: octets of one file */
	METER_CHECKPOINTING, /* gauge: 1 while one is under way */
	METER_CHECKPOINTS,
	METER_CELLS_OF(METER_CHECKPOINT_TIME, METER_HISTOGRAM),

	METER_CELLS
};

struct meter_set {
	_Atomic uint64_t cells[METER_CELLS];
};

/* The calling thread's set; NULL: what it counts is lost. */
extern _Thread_local struct meter_set *meter_here;

static inline void
meter_add(unsigned cell, uint64_t n)
{
	_Atomic uint64_t *c;

	if (meter_here == NULL)
		return;
	c = &meter_here->cells[cell];
	/* Nobody else writes to it. */
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

static inline void
meter_sub(unsigned cell, uint64_t n)
{
	meter_add(cell, -n);
}

/* A gauge that one thread of the process alone has. */
static inline void
meter_put(unsigned cell, uint64_t value)
{
	if (meter_here != NULL)
		atomic_store_explicit(
		    &meter_here->cells[cell], value, memory_order_relaxed);
}

/* value into the histogram that begins at this cell; first: its first bound. */
void meter_note(unsigned histogram, uint64_t value, uint64_t first);

/* A time, ns, into such a histogram; below 0 counts as 0. */
void meter_time(unsigned histogram, int64_t ns);

/* A request to a helper, which METER_PENDING has, is answered (error 0) or will
 * not be (an errno), after ns.  0 or -1, with that errno. */
int meter_answer(enum meter_helper helper, int error, int64_t ns);

/*
 * In a parent, before its first child: memory for so many sets.  0, or -1 with
 * errno; then nothing is counted.
 */
int meter_share(unsigned sets);

/*
 * In a child: it has `count` sets from number `first` on, whose gauges begin at
 * 0, and the calling thread has the first; the others' memory goes away, or
 * stays to be read.  Does nothing where there is no memory.
 */
enum meter_others { METER_OTHERS_GO, METER_OTHERS_READ };
void meter_begin(unsigned first, unsigned count, enum meter_others others);

/* In a parent, once the process is no more that had this set: its gauges are
 * 0. */
void meter_end(unsigned set);

/* The calling thread has the process's set number `index`, from 0; none where
 * there are fewer. */
void meter_thread(unsigned index);

/* The memory, to be read by whoever gets it (meter_read.h); -1: there is none.
 * It stays the module's. */
int meter_descriptor(void);
/* How many sets it has. */
unsigned meter_sets(void);
/* Where set number `set` lies, for METER_OTHERS_READ; NULL: nowhere. */
struct meter_set *meter_at(unsigned set);
/* From the beginning of one set to that of the next, octets. */
size_t meter_stride(void);

/* Of a label's values, the number of this one; 0 is "other". */
unsigned meter_mechanism(const char *name);
unsigned meter_command(const char *verb);
unsigned meter_code(const char *reply);
enum meter_helper meter_helper(const char *device);

#endif
