#include "clock.h"
#include "super.h"
#include "super_old.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define STARTS 8

/* What supervisor, children and test tell each other. */
static struct board {
	_Atomic int starts, reloads, hangups, ended;
	_Atomic long long at[STARTS]; /* ms */
	_Atomic pid_t child;
	_Atomic int refuse_reload;
	_Atomic int restart;
	_Atomic int replaced;
} * board;

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void
nap(void)
{
	usleep(2000);
}

/* Waits up to 20 s for a counter to reach a value. */
static void
await(_Atomic int *counter, int value)
{
	long long deadline = now_ms() + 20000;

	while (*counter < value && now_ms() < deadline)
		nap();
	assert_true(*counter >= value);
}

static struct super_child *supervised;

static int
reload(void)
{
	board->reloads++;
	if (board->restart)
		super_restart(supervised);
	return board->refuse_reload ? -1 : 0;
}

/* As a program that could not become another one. */
static void
replace(void)
{
	board->replaced += super_stop(supervised) == 0 ? 1 : 100;
}

/* A supervisor in a process of its own. */
static pid_t
start(int (*run)(void *))
{
	struct super_child children[] = {
	    {.name = "child", .run = run, .arg = board}, {.name = NULL}};
	pid_t pid;

	memset(board, 0, sizeof(*board));
	if ((pid = fork()) != 0)
		return pid;
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	supervised = children;
	/* Who starts a service may ignore it. */
	signal(SIGCHLD, SIG_IGN);
	super_block_signals();
	_exit(super_run_with(children,
	    &(struct super_hooks){.reload = reload, .replace = replace}));
}

static int
end(pid_t pid, int number)
{
	int status;

	if (number != 0)
		assert_int_equal(kill(pid, number), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A child as the programs' are: it takes its signals one by one. */
static int
serve(void *arg)
{
	sigset_t set;
	int number;

	if (arg != board)
		return 1;
	board->child = getpid();
	board->starts++;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	while (sigwait(&set, &number) == 0 && number == SIGHUP)
		board->hangups++;
	board->ended++;
	return 0;
}

static void
sigterm_ends_all(void **state)
{
	pid_t pid = start(serve);

	(void)state;
	await(&board->starts, 1);
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_int_equal(board->ended, 1);
	assert_int_equal(board->starts, 1);
	assert_int_equal(kill(board->child, 0), -1);
	pid = start(serve);
	await(&board->starts, 1);
	assert_int_equal(end(pid, SIGINT), 0);
	assert_int_equal(board->ended, 1);
}

static void
sighup_reloads_and_is_handed_down(void **state)
{
	pid_t pid = start(serve);

	(void)state;
	await(&board->starts, 1);
	kill(pid, SIGHUP);
	await(&board->hangups, 1);
	board->refuse_reload = 1;
	kill(pid, SIGHUP);
	await(&board->reloads, 2);
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_int_equal(board->hangups, 1);
	assert_int_equal(board->starts, 1);
}

/* Ends that were asked for are no failures: no pause grows. */
static void
restarts_come_at_once(void **state)
{
	pid_t pid = start(serve);

	(void)state;
	await(&board->starts, 1);
	board->restart = board->refuse_reload = 1;
	for (int i = 1; i <= 12; i++) {
		kill(pid, SIGHUP);
		await(&board->starts, i + 1);
		assert_int_equal(board->ended, i);
	}
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_int_equal(board->hangups, 0);
}

static void
a_killed_child_is_started_again(void **state)
{
	pid_t pid = start(serve), first;

	(void)state;
	await(&board->starts, 1);
	first = board->child;
	kill(first, SIGKILL);
	await(&board->starts, 2);
	assert_int_not_equal(board->child, first);
	assert_int_equal(end(pid, SIGTERM), 0);
}

static void
what_is_not_replaced_goes_on(void **state)
{
	pid_t pid = start(serve);

	(void)state;
	await(&board->starts, 1);
	for (int i = 1; i <= 3; i++) {
		kill(pid, SIGUSR2);
		await(&board->starts, i + 1);
		assert_int_equal(board->replaced, i);
		assert_int_equal(board->ended, i);
	}
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_int_equal(board->ended, 4);
}

/* Children of the program before are signalled, waited for, and forgotten. */
static void
old_children_are_known_until_they_end(void **state)
{
	char list[64], wanted[64];
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(super_old_add(1), -1);
	assert_int_equal(super_old_add(getpid()), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(super_old_signal(0), 0);
	if ((pid = fork()) == 0) {
		pause();
		_exit(1);
	}
	assert_int_equal(super_old_add(pid), 0);
	snprintf(wanted, sizeof(wanted), "%d ", (int)pid);
	assert_int_equal(super_old_list(list, sizeof(list)), 1);
	assert_string_equal(list, wanted);
	assert_int_equal(super_old_signal(SIGTERM), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(super_old_remove(pid), 1);
	assert_int_equal(super_old_remove(pid), 0);
	if ((pid = fork()) == 0)
		_exit(0);
	for (int i = 0; i < SUPER_OLD_MAX; i++) /* twice is no harm */
		assert_int_equal(super_old_add(pid), 0);
	assert_int_equal(super_old_add(pid), -1);
	assert_int_equal(errno, ENOSPC);
	while (super_old_remove(pid))
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static int
fail_at_once(void *arg)
{
	int n = board->starts;

	(void)arg;
	if (n < STARTS)
		board->at[n] = now_ms();
	board->starts++;
	return 3;
}

/* Lower bounds only: a busy machine makes pauses longer, never shorter. */
static void
pauses_grow(void **state)
{
	pid_t pid = start(fail_at_once);

	(void)state;
	await(&board->starts, 6);
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_true(board->at[2] - board->at[1] >= 49);
	assert_true(board->at[3] - board->at[2] >= 99);
	assert_true(board->at[4] - board->at[3] >= 199);
	assert_true(board->at[5] - board->at[4] >= 399);
}

static int
give_up(void *arg)
{
	(void)arg;
	board->starts++;
	return SUPER_GIVE_UP;
}

static void
giving_up_ends_the_whole(void **state)
{
	pid_t pid = start(give_up);

	(void)state;
	assert_int_equal(end(pid, 0), 1);
	assert_int_equal(board->starts, 1);
}

static int
ignore_signals(void *arg)
{
	(void)arg;
	board->child = getpid();
	board->starts++;
	while (pause() == -1)
		;
	return 0;
}

static void
who_does_not_end_is_killed(void **state)
{
	long long began;
	pid_t pid;

	(void)state;
	super_stop_within = CLOCK_SECOND / 2;
	pid = start(ignore_signals);
	super_stop_within = 15 * CLOCK_SECOND;
	await(&board->starts, 1);
	began = now_ms();
	assert_int_equal(end(pid, SIGTERM), 0);
	assert_true(now_ms() - began >= 500);
	assert_int_equal(kill(board->child, 0), -1);
}

static int
change_user_and_serve(void *arg)
{
	if (geteuid() == 0 && (setgid(65534) == -1 || setuid(65534) == -1))
		return 1;
	super_end_with_parent();
	return serve(arg);
}

static void
children_end_with_the_parent(void **state)
{
	int (*const runs[])(void *) = {serve, change_user_and_serve};
	int status;
	size_t i;
	pid_t pid;

	(void)state;
	for (i = 0; i < 2; i++) {
		pid = start(runs[i]);
		await(&board->starts, 1);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		await(&board->ended, 1);
	}
}

static int
set_up(void **state)
{
	(void)state;
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return board == MAP_FAILED ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return munmap(board, sizeof(*board));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sigterm_ends_all),
	    cmocka_unit_test(sighup_reloads_and_is_handed_down),
	    cmocka_unit_test(restarts_come_at_once),
	    cmocka_unit_test(a_killed_child_is_started_again),
	    cmocka_unit_test(what_is_not_replaced_goes_on),
	    cmocka_unit_test(old_children_are_known_until_they_end),
	    cmocka_unit_test(pauses_grow),
	    cmocka_unit_test(giving_up_ends_the_whole),
	    cmocka_unit_test(who_does_not_end_is_killed),
	    cmocka_unit_test(children_end_with_the_parent),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
