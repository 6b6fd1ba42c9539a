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

enum { BATONS = 3, THREADS = 3, WORKERS_MOST = 4 };

static struct baton batons[BATONS];
static _Atomic int over; /* for the kernel threads */
static struct ring stopper;
static unsigned workers;
static uint64_t round_number;

static void
baton_main(void *arg)
{
	uintptr_t n = (uintptr_t)arg;

	baton_run(&batons[n / 2], n % 2, &over);
}

static void
spawn(const char *name, void (*main)(void *), void *arg)
{
	if (fiber_spawn(name, main, arg) == -1)
		fail("no memory for a fiber");
}

/* Ends the round some time later, from here or from a kernel thread. */
static void
end_round(void)
{
	struct dice d;

	dice_init(&d, 3000000 + round_number);
	ring_sleep(ring_self(),
	    clock_after((50 + dice_roll(&d, 900)) * CLOCK_MILLISECOND));
	if (dice_roll(&d, 2) == 0)
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
	for (i = index; i < SERVICES; i += workers)
		spawn("service", service_main, &services[i]);
	for (i = index; i < PLACES; i += workers)
		spawn("board", board_main, (void *)(uintptr_t)i);
	/* The last baton is between a fiber and a kernel thread. */
	for (i = 0; i < 2 * BATONS - 1; i++)
		if ((i * (workers - 1) + i / 2) % workers == index)
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
	while (!over)
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

static void
run_round(void)
{
	pthread_t threads[THREADS + 2];
	int descriptors = count_descriptors(), i;
	struct dice d;

	dice_init(&d, 4000000 + round_number);
	workers = 1 + dice_roll(&d, WORKERS_MOST);
	over = 0;
	ring_init(&stopper);
	for (i = 0; i < SERVICES; i++)
		service_init(&services[i], i);
	for (i = 0; i < BATONS; i++)
		baton_init(&batons[i]);
	for (i = 0; i < THREADS; i++)
		start(&threads[i], actor_thread, (uintptr_t)i);
	start(&threads[i++], baton_thread, 2 * BATONS - 1);
	start(&threads[i++], stopper_thread, 0);
	/* If a round does not end, something is lost. */
	alarm((unsigned)(3 * late / CLOCK_SECOND));
	if (worker_run(workers, first_fiber, NULL) == -1)
		fail("worker_run");
	over = 1;
	ring_notify(&batons[BATONS - 1].rings[1]);
	ring_notify(&stopper);
	while (i > 0)
		pthread_join(threads[--i], NULL);
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
