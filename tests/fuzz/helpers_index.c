/*
 * helpers_index -- what the mailbox helper keeps of a mailbox in files: any
 * octets as its index, its UIDLs and its last visit, with sums that are right
 * where the input says so.  Nothing is read that is not there; whatever stood
 * in them, the mailbox is listed as it is.
 *
 * Input: an octet of how, then the rows or lines.
 */
#include "../../helpers/index.h"
#include "../../helpers/index_check.h"
#include "../../helpers/maildir.h"
#include "../../helpers/mailbox_visit.h"
#include "../../helpers/uidl.h"
#include "../unit/remove_tree.h"
#include "table.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define LETTERS 5
#define BOOT	"boot"

static char folder[64];
static struct owner owner = {.path = "a"};
static struct index_key key;

static void
write_file(enum index_kind kind, const void *data, size_t length)
{
	int fd = index_file_make(&key, kind);

	if (fd == -1 || maildir_write(fd, data, length) == -1 ||
	    index_file_publish(fd, &key, kind) == -1)
		abort();
	close(fd);
}

/* Rows of letters that are there, or not; then octets that differ. */
static size_t
make_rows(char *rows, uint32_t row, uint32_t count)
{
	struct mailbox_letter l = {.octets = 11, .size = 10};
	size_t size = (size_t)row * count;

	for (uint32_t i = 0; i < count; i++) {
		snprintf(l.file, sizeof(l.file), "%s/%u.M%uP1.h%s",
		    i % 2 ? "new" : "cur", 1000 + i, i, i % 2 ? "" : ":2,S");
		snprintf(l.uidl, sizeof(l.uidl), "%u.M%uP1.h", 1000 + i, i);
		if (catalog_put(rows + (size_t)i * row, row, i, &l) == -1)
			abort();
	}
	for (int n = table_u8() % 8; n > 0 && size > 0; n--)
		rows[table_u32() % size] = (char)table_u8();
	return size;
}

static void
write_index(void)
{
	static char file[CATALOG_HEAD + 40 * CATALOG_ROW_MAX];
	const uint8_t how = table_u8(), note = table_u8();
	const uint32_t count = table_u8() % 40;
	struct catalog_head head = {
	    .row = CATALOG_ROW_MIN + CATALOG_STEP * (how % 3U)};
	size_t size;

	memset(file, 0, sizeof(file));
	size = CATALOG_HEAD + make_rows(file + CATALOG_HEAD, head.row, count);
	head.count = how == 7 ? table_u32() : how == 8 ? count + 1 : count;
	head.octets = how == 9 ? table_u32() : UINT64_C(11) * count;
	head.size = UINT64_C(10) * count;
	if (how == 10)
		head.row = table_u32();
	/* What index_look would take for its own. */
	head.boot = index_hash(BOOT);
	memcpy(head.box, key.octets, sizeof(head.box));
	if (note > 60 && index_stamp(&owner, head.folders) == -1)
		abort();
	catalog_seal(&head);
	memcpy(file, &head, sizeof(head));
	for (int n = note % 4 == 0 ? table_u8() % 4 : 0; n > 0; n--)
		file[table_u32() % CATALOG_HEAD] = (char)table_u8();
	if (how == 11)
		size = table_u32() % size;
	write_file(INDEX_CATALOG, file, size);
}

/* A list of UIDLs; without their sums, most lines are none. */
static void
write_uidls(void)
{
	const char *const names[] = {"1000.M0P1.h", "1001.M1P1.h", "x"};
	const uint8_t how = table_u8();
	struct uidls u;
	char uidl[80];
	size_t length;
	const uint8_t *octets;

	index_file_remove(&key, INDEX_UIDLS);
	if (how < 100) {
		octets = table_octets(8192, &length);
		write_file(INDEX_UIDLS, octets, length);
		return;
	}
	if (uidls_load(&u, &key, NULL, NULL) == -1)
		abort();
	for (unsigned i = 0; i < how % 4U; i++) {
		snprintf(uidl, sizeof(uidl), "u%u", table_u8() % 4U);
		uidls_add(&u, names[i % 3], uidl);
	}
	if (uidls_store(&u) == -1)
		abort();
	uidls_free(&u);
}

/* Spoils what was written properly. */
static void
spoil_uidls(void)
{
	int fd = index_file_open(&key, INDEX_UIDLS, O_RDWR);
	struct stat st;
	char octet;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == -1)
		abort();
	for (int n = table_u8() % 4; n > 0 && st.st_size > 0; n--) {
		octet = (char)table_u8();
		catalog_store(fd, &octet, 1,
		    (int64_t)(table_u32() % (uint64_t)st.st_size));
	}
	if (table_u8() == 7 && ftruncate(fd, st.st_size / 2) == -1)
		abort();
	close(fd);
}

/* The rows that a login gets: each is there to be read, or damaged. */
static void
read_view(const struct index_view *v, uint32_t *sound)
{
	struct mailbox_letter l;
	struct stat st;

	if (!catalog_is_row(v->row) || fstat(v->fd, &st) == -1 ||
	    (v->count > 0 && st.st_size < catalog_offset(v->row, v->count)))
		abort();
	*sound = 0;
	for (uint32_t i = 0; i < v->count && i < 100; i++)
		*sound += catalog_read(v->fd, v->row, i, &l) == 0;
}

static void
remove_some(void)
{
	struct index_removal r = {.bases = NULL};
	const char *files[] = {"new/1001.M1P1.h", "cur/1002.M2P1.h:2,S"};

	index_removal_add(&r, files, 2);
	if (index_removal_finish(&r, &owner))
		index_removed(index_expect_removal(&owner), &owner);
}

static void
add_one(void)
{
	struct index_slot *slot;
	int new = maildir_open(owner.path, "new");

	if (new == -1)
		abort();
	slot = index_expect(&owner, new);
	index_add(slot, new, "1009.M9P1.h,S=10,W=11");
	close(new);
}

static void
first_fiber(void *arg)
{
	struct index_findings found;
	struct index_view v = {.fd = -1};
	uint32_t sound;
	uint8_t how;

	(void)arg;
	write_uidls();
	spoil_uidls();
	write_index();
	how = table_u8();
	if (how % 2 && index_check(&owner, &found) == -1)
		abort();
	if (how % 4 == 2)
		add_one();
	if (how % 8 == 4)
		remove_some();
	if (index_open(&owner, &v) == -1)
		abort();
	read_view(&v, &sound);
	close(v.fd);
	/* As pop3d does where a row is damaged. */
	index_spoil(&owner);
	if (index_open(&owner, &v) == -1)
		abort();
	read_view(&v, &sound);
	if (sound != LETTERS || v.count != LETTERS)
		abort();
	close(v.fd);
	worker_stop();
}

static void
clean_up(void)
{
	remove_tree(folder);
}

static void
set_up(void)
{
	char path[160], name[64];
	int sub, fd;

	snprintf(folder, sizeof(folder), "%s/ringmail-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	atexit(clean_up);
	owner_setup(0);
	owner.uid = getuid();
	owner.gid = getgid();
	snprintf(path, sizeof(path), "%s/state", folder);
	if (mkdir(path, 0700) == -1 || maildir_setup(folder, "h") == -1 ||
	    index_setup(path, BOOT) == -1 || maildir_make(owner.path) == -1)
		abort();
	index_file_key(&key, owner.path);
	for (unsigned i = 0; i < LETTERS; i++) {
		sub = maildir_open(owner.path, i % 2 ? "new" : "cur");
		fd = maildir_unnamed(sub);
		snprintf(name, sizeof(name), "%u.M%uP1.h%s", 1000 + i, i,
		    i % 2 ? "" : ":2,S");
		if (maildir_write(fd, "012345678\n", 10) == -1 ||
		    maildir_link(fd, sub, name) == -1)
			abort();
		close(fd);
		close(sub);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (folder[0] == '\0')
		set_up();
	return table_run(data, size, first_fiber);
}
