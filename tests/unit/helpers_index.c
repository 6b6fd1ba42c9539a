/* The index of a mailbox, above all when it is damaged or the Maildir was
 * changed by others. */
#include "index_box.h"

#include "../../helpers/homes.h"
#include "../../helpers/index_check.h"
#include "../../helpers/removals.h"

#include "clock.h"
#include "log.h"

#include <sched.h>
#include <sys/mount.h>

#define LETTERS 40

/* Delivers as the store does. */
static void
deliver(uint64_t trace)
{
	char name[MAILDIR_NAME_MAX];
	struct index_slot *slot;
	int new = maildir_open(owner.path, "new"), fd;

	assert_int_not_equal(new, -1);
	maildir_name(name, trace,
	    INT64_C(1700000000) * CLOCK_SECOND + (int64_t)trace * 1000000,
	    trace, trace + 1);
	fd = maildir_unnamed(new);
	assert_int_not_equal(fd, -1);
	slot = index_expect(&owner, new);
	assert_int_equal(maildir_link(fd, new, name), 0);
	index_add(slot, new, name);
	close(fd);
	close(new);
}

static struct index_view
look(uint32_t count)
{
	struct index_view v;

	assert_int_equal(index_open(&owner, &v), 0);
	assert_int_equal(v.count, count);
	return v;
}

/* The state of the index, without a change to it. */
static int
state_of(void)
{
	struct catalog_head head;
	int fd, state = index_look(&owner, &fd, &head);

	if (fd != -1)
		close(fd);
	return state;
}

/* Files and UIDLs, which must be those of before, wherever letters lie. */
static void
check_rows(const struct index_view *v, uint64_t first)
{
	char name[MAILDIR_NAME_MAX], uidl[SNAPSHOT_UIDL + 1];
	struct mailbox_letter l;
	uint64_t octets = 0;

	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t trace = first + i;

		assert_int_equal(catalog_read(v->fd, v->row, i, &l), 0);
		maildir_name(name, trace,
		    INT64_C(1700000000) * CLOCK_SECOND +
			(int64_t)trace * 1000000,
		    trace, trace + 1);
		snapshot_uidl(name, uidl);
		assert_string_equal(l.uidl, uidl);
		assert_int_equal(strncmp(l.file + 4, name, strlen(name)), 0);
		assert_int_equal(l.size, trace);
		octets += l.octets;
	}
	assert_int_equal(v->octets, octets);
}

static void
fill(uint64_t count)
{
	for (uint64_t trace = 1; trace <= count; trace++)
		deliver(trace);
}

/* An index that is relied on: the folders rest as this process left them. */
static void
settle(uint32_t count)
{
	struct index_view v = look(count);

	close(v.fd);
	/* cur/ was made a moment ago, by nobody that the index knows of. */
	if (state_of() != INDEX_FITS)
		usleep(2100000);
	v = look(count);
	close(v.fd);
	assert_int_equal(state_of(), INDEX_FITS);
}

static void
deliveries_are_added(void)
{
	struct index_view before, v;

	fill(LETTERS);
	settle(LETTERS);
	before = look(LETTERS);
	for (uint64_t trace = LETTERS + 1; trace <= LETTERS + 20; trace++) {
		deliver(trace);
		assert_int_equal(state_of(), INDEX_FITS);
	}
	v = look(LETTERS + 20);
	check_rows(&v, 1);
	/* Who came before sees what he saw. */
	check_rows(&before, 1);
	close(v.fd);
	close(before.fd);
}

static void
others_make_it_old(void)
{
	struct index_view v;

	fill(3);
	settle(3);
	put("cur/1800000000.foreign:2,S", "x\n");
	assert_int_equal(state_of(), INDEX_OLD);
	/* What is added to an old one would hide it. */
	deliver(4);
	assert_int_equal(state_of(), INDEX_OLD);
	v = look(5);
	close(v.fd);
	put("new/1800000001.foreign", "x\n");
	assert_int_not_equal(state_of(), INDEX_FITS);
	deliver(5);
	v = look(7);
	close(v.fd);
	assert_int_equal(unlink(path_of("new/1800000001.foreign")), 0);
	v = look(6);
	close(v.fd);
}

static void
another_boot_makes_it_old(void)
{
	fill(3);
	settle(3);
	assert_int_equal(index_setup(state_folder, "boot 2"), 0);
	assert_int_equal(state_of(), INDEX_OLD);
	deliver(4);
	close(look(4).fd);
}

/* The first n letters' names, as they were delivered. */
static void
name_letters(char names[][4 + MAILDIR_NAME_MAX], const char **files, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		strcpy(names[i], "new/");
		maildir_name(names[i] + 4, i + 1,
		    INT64_C(1700000000) * CLOCK_SECOND +
			(int64_t)(i + 1) * 1000000,
		    i + 1, i + 2);
		files[i] = names[i];
	}
}

static void
removals_leave_the_rest(void)
{
	struct index_removal r = {.bases = NULL};
	char names[10][4 + MAILDIR_NAME_MAX];
	const char *files[10];
	struct index_view before, v;

	fill(LETTERS);
	settle(LETTERS);
	before = look(LETTERS);
	name_letters(names, files, 10);
	/* The second time as a repeat. */
	for (int times = 0; times < 2; times++) {
		assert_int_equal(removals_add(&owner, 7, files, 10, 1), 0);
		index_removal_add(&r, files, 10);
	}
	assert_int_equal(removals_step(), REMOVALS_NONE);
	deliver(LETTERS + 1);
	assert_int_equal(index_removal_finish(&r, &owner), 1);
	/* Nobody sees them any more, though they are there. */
	v = look(LETTERS - 9);
	check_rows(&v, 11);
	check_rows(&before, 1);
	close(before.fd);
	close(v.fd);
	assert_int_equal(access(path_of(files[0]), F_OK), 0);
	removals_release(7, 1);
	assert_int_equal(removals_step(), REMOVALS_MORE);
	assert_int_equal(access(path_of(files[0]), F_OK), -1);
	assert_int_equal(state_of(), INDEX_FITS);
	assert_int_equal(removals_step(), REMOVALS_MORE);
	assert_int_equal(removals_step(), REMOVALS_NONE);
	deliver(LETTERS + 2);
	assert_int_equal(state_of(), INDEX_FITS);
	close(look(LETTERS - 8).fd);
}

/* A home of the test's own that can be made read-only: 0, or -1 where the
 * system does not let us. */
static int
mount_home(char *home, size_t size)
{
	snprintf(home, size, "%s/home", folder);
	if (mkdir(home, 0755) == -1 || unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1)
		return -1;
	return mount(home, home, "none", MS_BIND, NULL);
}

static void
lock_home(const char *home, unsigned long flags)
{
	assert_int_equal(
	    mount("none", home, "none", MS_REMOUNT | MS_BIND | flags, NULL), 0);
}

/* What a checkpoint gives up, since an owner's disk fails, is listed again. */
static void
lost_removals_come_back(void)
{
	const struct owner virtual = owner;
	struct index_removal r = {.bases = NULL};
	char names[10][4 + MAILDIR_NAME_MAX], home[80];
	const char *files[10];

	if (mount_home(home, sizeof(home)) == -1) {
		print_message("no mount of its own: skipped\n");
		return;
	}
	assert_int_equal(homes_add(home), 0);
	snprintf(owner.path, sizeof(owner.path), "%s/u", home);
	assert_int_equal(mkdir(owner.path, 0700), 0);
	strcat(owner.path, "/Maildir");
	assert_int_equal(maildir_make(owner.path), 0);
	fill(LETTERS);
	settle(LETTERS);
	name_letters(names, files, 10);
	assert_int_equal(removals_add(&owner, 7, files, 10, 1), 0);
	index_removal_add(&r, files, 10);
	assert_int_equal(index_removal_finish(&r, &owner), 1);
	removals_release(7, 1);
	close(look(LETTERS - 10).fd);
	lock_home(home, MS_RDONLY);
	log_set_level(LEVEL_ERROR);
	assert_int_equal(removals_settle(), 0);
	assert_int_equal(removals_count(), 0);
	lock_home(home, 0);
	close(look(LETTERS).fd);
	owner = virtual;
	assert_int_equal(umount2(home, MNT_DETACH), 0);
}

/* Whoever reads the folders, for what reason ever, sees them no more. */
static void
what_is_promised_is_gone_at_once(void)
{
	struct index_removal r = {.bases = NULL};
	char names[10][4 + MAILDIR_NAME_MAX];
	const char *files[10];
	struct index_findings f;

	fill(LETTERS);
	settle(LETTERS);
	name_letters(names, files, 10);
	assert_int_equal(removals_add(&owner, 7, files, 5, 1), 0);
	index_removal_add(&r, files, 5);
	/* Another program was there: nothing to be taken out. */
	put("new/1800000001.foreign", "x\n");
	assert_int_equal(index_removal_finish(&r, &owner), 0);
	removals_release(7, 0);
	close(look(LETTERS - 4).fd);
	assert_int_equal(removals_count(), 0);
	assert_int_equal(access(path_of(files[4]), F_OK), -1);
	/* Also of a session that hangs. */
	assert_int_equal(removals_add(&owner, 8, files + 5, 5, 1), 0);
	assert_int_equal(index_check(&owner, &f), 0);
	assert_int_equal(f.letters, LETTERS - 9);
	assert_int_equal(f.state, INDEX_OLD);
	assert_int_equal(access(path_of(files[9]), F_OK), -1);
	close(look(LETTERS - 9).fd);
}

/* The index's file. */
static char index_path[256];

static int
note_path(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)f;
	if (type == FTW_F && strstr(path, "/index/") != NULL)
		snprintf(index_path, sizeof(index_path), "%s", path);
	return 0;
}

static void
flip(long where, int bit)
{
	int fd;
	char octet;

	assert_int_equal(nftw(state_folder, note_path, 16, FTW_PHYS), 0);
	fd = open(index_path, O_RDWR);
	assert_int_not_equal(fd, -1);
	if (pread(fd, &octet, 1, where) == 1) {
		octet ^= (char)(1 << bit);
		assert_int_equal(pwrite(fd, &octet, 1, where), 1);
	}
	close(fd);
}

/* What a session would see: every letter right, or a row that says it is
 * damaged, after which the next login has all. */
static int
is_served(uint64_t first)
{
	struct mailbox_letter l;
	struct index_view v = look(LETTERS);
	int damaged = 0;

	for (uint32_t i = 0; i < v.count; i++)
		damaged |= catalog_read(v.fd, v.row, i, &l) == -1;
	if (!damaged)
		check_rows(&v, first);
	close(v.fd);
	return !damaged;
}

static void
flipped_octets_are_found(void)
{
	struct index_findings f;
	int seen = 0;

	fill(LETTERS);
	settle(LETTERS);
	srandom(1);
	for (int i = 0; i < 200; i++) {
		long size = catalog_offset(128, LETTERS);
		long where = random() % (i % 4 == 0 ? 200 : size);

		flip(where, i % 8);
		if (!is_served(1)) {
			seen++;
			assert_int_equal(index_check(&owner, &f), 0);
			assert_int_equal(f.state, INDEX_DAMAGED);
			assert_int_equal(f.damaged, 1);
			index_spoil(&owner);
		}
		assert_true(is_served(1));
	}
	assert_true(seen > 100);
}

static void
lost_and_cut_files_are_made_anew(void)
{
	fill(LETTERS);
	settle(LETTERS);
	flip(0, 0);
	flip(0, 0);
	for (long size = 0; size < 700; size += 99) {
		assert_int_equal(truncate(index_path, size), 0);
		assert_int_equal(state_of(), INDEX_DAMAGED);
		assert_true(is_served(1));
	}
	assert_int_equal(unlink(index_path), 0);
	assert_int_equal(mkdir(index_path, 0700), 0);
	assert_int_equal(state_of(), INDEX_DAMAGED);
	assert_int_equal(rmdir(index_path), 0);
	assert_true(is_served(1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(deliveries_are_added),
	    TEST(others_make_it_old),
	    TEST(another_boot_makes_it_old),
	    TEST(removals_leave_the_rest),
	    TEST(lost_removals_come_back),
	    TEST(what_is_promised_is_gone_at_once),
	    TEST(flipped_octets_are_found),
	    TEST(lost_and_cut_files_are_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
