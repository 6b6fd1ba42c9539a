/*
 * The protocol of a notification across workers, as common/ring.c and
 * common/worker.c have it, with their names.  One fiber of one worker waits in
 * a loop over its condition; NOTIFIERS threads make the condition true and
 * notify; a deadline may come at any moment.
 *
 * Checked: no wake-up is lost (the worker never sleeps for ever while there is
 * work), each claim is delivered exactly once, and the fiber never runs twice.
 *
 * Planted faults, each of which must be caught (tests/model/check.sh):
 *	-DLOST_DOORBELL   the sender looks at `sleeping` before it posts
 *	-DLOST_SLEEP      the worker sleeps without a second look at its inbox
 *	-DLOST_NOTIFIED   ring_claim forgets to note what nobody waits for
 *	-DDOUBLE_WAKE     a deadline does not claim the waiter
 */
#define NOTIFIERS 2

bit locked;		/* ring.lock */
bit notified;		/* ring.notified */
bit waiter;		/* ring.waiter is the fiber */
byte sent, taken;	/* what the fiber's loop is over: a port's messages */

byte inbox;		/* wake-ups posted and not yet delivered */
bit sleeping;		/* worker.sleeping */
bit doorbell;		/* the eventfd's edge */
bit asleep;		/* the worker is inside epoll_wait */

bit parked;		/* the fiber does not run and is in no queue */
byte ready;		/* how often it stands in the run queue */
bit timer;		/* its timer is armed */
bit done;

inline ring_lock() { atomic { !locked -> locked = 1 } }
inline ring_unlock() { locked = 0 }

/* Leaves in `claimed` whether the caller must wake the waiter. */
inline ring_claim(claimed)
{
	claimed = waiter;
	waiter = 0;
	if
	:: !claimed ->
#ifndef LOST_NOTIFIED
		notified = 1
#else
		skip
#endif
	:: else
	fi
}

inline sched_post()
{
#ifdef LOST_DOORBELL
	was = sleeping;
	inbox++;
	sleeping = 0;
#else
	inbox++;
	atomic { was = sleeping; sleeping = 0 }
#endif
	if
	:: was -> doorbell = 1
	:: else
	fi
}

proctype notifier()
{
	bit claimed, was;

	/* port_send: the message and its notification under one lock */
	ring_lock();
	sent++;
	ring_claim(claimed);
	ring_unlock();
	if
	:: claimed -> sched_post()
	:: else
	fi
}

/* deliver_wake */
inline deliver()
{
	assert(parked);
	parked = 0;
	ready++;
	assert(ready == 1)
}

inline empty_inbox()
{
	do
	:: inbox > 0 -> inbox--; deliver()
	:: else -> break
	od
}

/* The deadline has come, or it has not: both are possible while armed. */
inline take_timers()
{
	if
	:: timer ->
		ring_lock();
		mine = waiter;
#ifdef DOUBLE_WAKE
		if
		:: parked -> mine = 1
		:: else
		fi;
#else
		waiter = 0;
#endif
		ring_unlock();
		timer = 0;
		if
		:: mine -> deliver()
		:: else
		fi
	:: true
	fi
}

/* What the fiber does at its turn, up to its next wait: ring_wait's lie_down
 * and the loop over port_receive around it. */
inline run_fiber()
{
	ready--;
	timer = 0;
	sleeps = 0;
	do
	:: !sleeps && !done ->
		ring_lock();
		taken = sent; /* port_receive until there is nothing */
		ring_unlock();
		if
		:: taken == NOTIFIERS -> done = 1
		:: else ->
			ring_lock();
			sleeps = !notified;
			if
			:: sleeps -> parked = 1; waiter = 1
			:: else
			fi;
			notified = 0;
			ring_unlock();
			if
			:: sleeps -> timer = 1
			:: sleeps -> timer = 0 /* CLOCK_NEVER */
			:: else
			fi
		fi
	:: else -> break
	od
}

proctype worker()
{
	bit idle, sleeps, mine;

	do
	:: done -> break
	:: else ->
		empty_inbox();
		if
		:: ready > 0 -> run_fiber()
		:: else
		fi;
		if
		:: done -> break
		:: else
		fi;
		/* take_events */
		idle = (ready == 0);
		if
		:: idle ->
			sleeping = 1;
#ifndef LOST_SLEEP
			if
			:: inbox > 0 -> idle = 0
			:: else
			fi
#endif
		:: else
		fi;
		if
		:: idle ->
			asleep = 1;
			if
			:: doorbell -> doorbell = 0
			:: timer -> skip /* epoll_wait's time is up */
			fi;
			asleep = 0
		:: else
		fi;
		sleeping = 0;
		take_timers()
	od
}

init {
	byte i;

	atomic {
		ready = 1;
		run worker();
		for (i : 1 .. NOTIFIERS) {
			run notifier()
		}
	}
}

/* A worker that sleeps for ever shows as an invalid end state: epoll_wait has
 * neither a doorbell nor a timer. */
