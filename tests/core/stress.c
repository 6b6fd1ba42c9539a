/*
 * stress -- rounds of random load on the core, each ended by worker_stop at a
 * random moment while everything is under way.
 *
 *	stress [-l LATE] [-s SEED] SECONDS
 *
 * LATE (10): seconds after which a wait counts as lost.  The last line counts.
 */
#include "stress.h"

#include "fiber.h"
#include "sanitize.h"
#include "worker.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { BATONS = 3, TO_THREAD = BATONS - 1, THREADS = 3, WORKERS_MOST = 4 };

_Atomic int closing;

static struct baton batons[BATONS];
static _Atomic int over; /* for the kernel threads */
static struct ring stopper;
static unsigned workers;
static uint64_t round_number;
static struct dice round_dice;
static int quiet; /* in this round there is one baton, and nothing else */
static unsigned quiet_baton;

static void
baton_main(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	baton_run(&batons[n / 2], n % 2, &over);
}

/* The worker that a baton's side is on; the last one's is a kernel thread. */
static unsigned
baton_home(unsigned baton, unsigned side)
{
	if (quiet && baton != quiet_baton)
		return WORKERS_MOST;
	if (side == 0)
		return baton % workers;
	return baton == TO_THREAD ? WORKERS_MOST : workers - 1;
}

static void
spawn(const char *name, void (*main)(void *), void *arg)
{
	if (fiber_spawn(name, main, arg) == -1)
		fail("no memory for a fiber");
}

/*
 * Ends the round some time later, from here or from a kernel thread: all at
 * once, or when the actors have brought their waits to a good end.
 */
static void
end_round(void)
{
	ring_sleep(ring_self(), clock_after((50 + dice_roll(&round_dice, 900)) *
					    CLOCK_MILLISECOND));
	closing = dice_roll(&round_dice, 2) == 0;
	while (closing && count_get(COUNT_ACTORS) > 0)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	if (dice_roll(&round_dice, 2) == 0)
		worker_stop();
	else
		ring_notify(&stopper);
}

/* The first fiber of each worker starts its share of the actors. */
static void
first_fiber(void *arg)
{
	unsigned index = (unsigned)worker_index(), i;

	(void)arg;
	for (i = index; i < SERVICES && !quiet; i += workers)
		spawn("service", service_main, &services[i]);
	for (i = index; i < PLACES && !quiet; i += workers)
		spawn("board", board_main, (void *)(uintptr_t)i);
	for (i = 0; i < 2 * BATONS; i++)
		if (baton_home(i / 2, i % 2) == index)
			spawn("baton", baton_main, (void *)(uintptr_t)i);
	if (index == 0)
		end_round();
}

static void *
actor_thread(void *arg)
{
	struct dice d;

	dice_init(&d, (uint64_t)(uintptr_t)arg + 10 * round_number);
	count_add(COUNT_ACTORS, 1);
	while (!over && !closing)
		act(&d);
	count_add(COUNT_ACTORS, -1);
	return NULL;
}

static void *
baton_thread(void *arg)
{
	baton_main(arg);
	return NULL;
}

static void *
stopper_thread(void *arg)
{
	(void)arg;
	while (ring_wait(&stopper, CLOCK_NEVER) == -1)
		;
	if (!over)
		worker_stop();
	return NULL;
}

static void
on_alarm(int number)
{
	static const char text[] = "FAIL a round does not end\n";

	(void)number;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) != -1)
		abort();
	_exit(1);
}

static int
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* What must be even when nobody runs any more. */
static void
check_end(int descriptors)
{
	if (count_get(COUNT_ACTORS) != 0)
		fail("%ld actors are left", count_get(COUNT_ACTORS));
	if (count_get(COUNT_KEEPERS) != 0)
		fail("%ld keepers are left", count_get(COUNT_KEEPERS));
	if (count_get(COUNT_SENT) != count_get(COUNT_RECEIVED))
		fail("%ld notes sent, %ld received", count_get(COUNT_SENT),
		    count_get(COUNT_RECEIVED));
	if (count_get(COUNT_CALLS) != count_get(COUNT_ANSWERED))
		fail("%ld calls came back, %ld were answered",
		    count_get(COUNT_CALLS), count_get(COUNT_ANSWERED));
	if (count_descriptors() != descriptors)
		fail("%d descriptors at the end, %d at the start",
		    count_descriptors(), descriptors);
}

static void
start(pthread_t *thread, void *(*main)(void *), uintptr_t arg)
{
	if (pthread_create(thread, NULL, main, (void *)arg) != 0)
		fail("no thread");
}

/* Chooses what kind of round it is, and makes all things anew. */
static void
prepare_round(void)
{
	int i;

	dice_init(&round_dice, 3000000 + round_number);
	workers = 1 + dice_roll(&round_dice, WORKERS_MOST);
	if ((quiet = dice_roll(&round_dice, 4) == 0))
		workers = 2;
	quiet_baton = dice_roll(&round_dice, 2) ? TO_THREAD : 0;
	over = closing = 0;
	ring_init(&stopper);
	for (i = 0; i < SERVICES; i++)
		service_init(&services[i], i);
	for (i = 0; i < BATONS; i++)
		baton_init(&batons[i], quiet);
}

static void
run_round(void)
{
	pthread_t threads[THREADS + 2];
	int descriptors = count_descriptors(), n = 0;

	prepare_round();
	start(&threads[n++], stopper_thread, 0);
	if (!quiet || quiet_baton == TO_THREAD)
		start(&threads[n++], baton_thread, 2 * TO_THREAD + 1);
	for (int i = 0; i < THREADS && !quiet; i++)
		start(&threads[n++], actor_thread, (uintptr_t)i);
	/* If a round does not end, something is lost. */
	alarm((unsigned)(3 * late / CLOCK_SECOND));
	if (worker_run(workers, first_fiber, NULL) == -1)
		fail("worker_run");
	over = 1;
	ring_notify(&batons[TO_THREAD].rings[1]);
	ring_notify(&stopper);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	alarm(0);
	check_end(descriptors);
}

int
main(int argc, char **argv)
{
	int64_t end;
	int option;

	if (getrandom(&seed, sizeof(seed), 0) == -1)
		return 1;
	seed %= 1000000;
	while ((option = getopt(argc, argv, "l:s:")) != -1)
		if (option == 'l')
			late = strtol(optarg, NULL, 10) * CLOCK_SECOND;
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else
			return 2;
	if (optind != argc - 1)
		return 2;
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	signal(SIGALRM, on_alarm);
	sanitize_atomic(&over, sizeof(over));
	sanitize_atomic(&closing, sizeof(closing));
	board_init();
	end = clock_after(strtol(argv[optind], NULL, 10) * CLOCK_SECOND);
	for (; clock_now() < end; round_number++)
		run_round();
	printf("%" PRIu64 " rounds: %ld notes, %ld calls, %ld recalled, "
	       "%ld cancels, %ld passes, %ld lines\n",
	    round_number, count_get(COUNT_RECEIVED), count_get(COUNT_CALLS),
	    count_get(COUNT_RECALLED), count_get(COUNT_CANCELS),
	    count_get(COUNT_PASSES), count_get(COUNT_LINES));
	printf("ok   the core under random load\n1 passed, 0 failed\n");
	return 0;
}
