#include "tarball.h"

#include "progress.h"
#include "tarball_sums.h"

#include <archive.h>
#include <archive_entry.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define PIECE	  65536

struct tarball {
	char *path;
	char beside[PATH_SIZE]; /* "": the file has no name yet */
	int fd;
	struct archive *archive;
	EVP_MD_CTX *sum;
	char name[TARBALL_NAME_MAX]; /* of the member that is written */
	uint64_t size, left;
	struct tarball_sums sums;
};

/* The folder that path lies in. */
static void
folder_of(const char *path, char folder[PATH_SIZE])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(folder, PATH_SIZE, ".");
	else
		snprintf(folder, PATH_SIZE, "%.*s/", (int)(slash - path), path);
}

/* Where a file system has no unnamed files (NFS), it gets a name of its own. */
static int
open_unnamed(struct tarball *t)
{
	char folder[PATH_SIZE];

	folder_of(t->path, folder);
	t->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (t->fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		snprintf(t->beside, sizeof(t->beside), "%s.part-%d", t->path,
		    (int)getpid());
		t->fd = open(
		    t->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (t->fd == -1)
			t->beside[0] = '\0';
	}
	if (t->fd == -1)
		warn("%s", t->path);
	return t->fd == -1 ? -1 : 0;
}

static int
failed(const struct tarball *t)
{
	int code = archive_errno(t->archive);

	warnx("%s: %s%s%s", t->path, archive_error_string(t->archive),
	    code > 0 ? ": " : "", code > 0 ? strerror(code) : "");
	return -1;
}

struct tarball *
tarball_create(const char *path)
{
	struct tarball *t;
	struct stat st;

	if (lstat(path, &st) == 0) {
		warnx("%s is there already: a backup replaces no other", path);
		return NULL;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		warn("%s", path);
		return NULL;
	}
	t->fd = -1;
	t->path = strdup(path);
	t->sum = EVP_MD_CTX_new();
	t->archive = archive_write_new();
	if (t->path == NULL || t->sum == NULL || t->archive == NULL) {
		warnx("%s: no memory", path);
		tarball_free(&t);
		return NULL;
	}
	/* Names are octets, whatever the locale is. */
	if (open_unnamed(t) == 0 &&
	    (archive_write_set_format_pax_restricted(t->archive) !=
		    ARCHIVE_OK ||
		archive_write_set_format_option(
		    t->archive, "pax", "hdrcharset", "BINARY") != ARCHIVE_OK ||
		archive_write_open_fd(t->archive, t->fd) != ARCHIVE_OK))
		failed(t);
	else if (t->fd != -1)
		return t;
	tarball_free(&t);
	return NULL;
}

static int
put_head(struct tarball *t, const struct tarball_member *m)
{
	struct archive_entry *entry = archive_entry_new();
	int code;

	if (entry == NULL) {
		warnx("%s: no memory", t->path);
		return -1;
	}
	archive_entry_set_pathname(entry, m->name);
	archive_entry_set_size(entry, (int64_t)m->size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, m->rights.mode);
	archive_entry_set_uname(entry, m->rights.owner);
	archive_entry_set_gname(entry, m->rights.group);
	archive_entry_set_mtime(entry, time(NULL), 0);
	code = archive_write_header(t->archive, entry);
	archive_entry_free(entry);
	return code == ARCHIVE_OK ? 0 : failed(t);
}

static int
end_member(struct tarball *t)
{
	unsigned char sum[TARBALL_SUM];

	if (EVP_DigestFinal_ex(t->sum, sum, NULL) != 1 ||
	    tarball_sums_add(&t->sums, t->name, t->size, -1, sum) == -1) {
		warnx("%s: no memory", t->path);
		return -1;
	}
	return 0;
}

int
tarball_begin(struct tarball *t, const struct tarball_member *m)
{
	if (!tarball_name_is_plain(m->name)) {
		warnx("%s: no member of a backup can have this name", m->name);
		return -1;
	}
	if (t->sums.count == TARBALL_MOST) {
		warnx("%s: too many files", t->path);
		return -1;
	}
	snprintf(t->name, sizeof(t->name), "%s", m->name);
	t->size = t->left = m->size;
	if (EVP_DigestInit_ex(t->sum, EVP_sha256(), NULL) != 1) {
		warnx("%s: no SHA-256", t->path);
		return -1;
	}
	if (put_head(t, m) == -1)
		return -1;
	return t->left == 0 ? end_member(t) : 0;
}

int
tarball_put(struct tarball *t, const void *data, size_t length)
{
	if (length > t->left) {
		warnx("%s: %s is longer than it was", t->path, t->name);
		return -1;
	}
	if (archive_write_data(t->archive, data, length) != (ssize_t)length)
		return failed(t);
	if (EVP_DigestUpdate(t->sum, data, length) != 1) {
		warnx("%s: no SHA-256", t->path);
		return -1;
	}
	t->left -= length;
	progress_add(length);
	return t->left == 0 && length > 0 ? end_member(t) : 0;
}

int
tarball_put_file(struct tarball *t, struct tarball_member *m, int fd)
{
	static char data[PIECE];
	int result = -1;
	struct stat st;
	ssize_t n = 0;
	size_t want;

	if (fstat(fd, &st) == -1) {
		warn("%s", m->name);
		return -1;
	}
	m->size = (uint64_t)st.st_size;
	if (tarball_begin(t, m) == -1)
		return -1;
	/* What is added meanwhile comes into the next backup. */
	while (t->left > 0) {
		want = t->left < PIECE ? (size_t)t->left : PIECE;
		if ((n = read(fd, data, want)) <= 0 ||
		    tarball_put(t, data, (size_t)n) == -1)
			break;
	}
	if (t->left == 0 && n >= 0)
		result = 0;
	else if (n == -1)
		warn("%s", m->name);
	else if (n == 0)
		warnx("%s has become shorter: try again", m->name);
	explicit_bzero(data, sizeof(data)); /* a key, perhaps */
	return result;
}

int
tarball_has(const struct tarball *t, const char *name)
{
	return tarball_sums_find(&t->sums, name) != NULL;
}

const char *
tarball_name(const struct tarball *t, size_t i)
{
	return t->sums.items[i].name;
}

size_t
tarball_count(const struct tarball *t)
{
	return t->sums.count;
}

uint64_t
tarball_octets(const struct tarball *t)
{
	return t->sums.octets;
}

static int
put_manifest(struct tarball *t)
{
	struct tarball_member m = {
	    .name = TARBALL_MANIFEST, .rights = {0600, "root", "root"}};
	size_t length;
	char *text = tarball_sums_text(&t->sums, &length);
	int result = -1;

	if (text == NULL) {
		warn("%s", t->path);
		return -1;
	}
	m.size = length;
	if (put_head(t, &m) == 0) {
		if (archive_write_data(t->archive, text, length) ==
		    (ssize_t)length)
			result = 0;
		else
			failed(t);
	}
	free(text);
	return result;
}

/* Nothing that is there by that name is replaced. */
static int
give_name(struct tarball *t)
{
	char own[64], folder[PATH_SIZE];
	const char *from = t->beside;
	int fd, result;

	snprintf(own, sizeof(own), "/proc/self/fd/%d", t->fd);
	if (from[0] == '\0')
		from = own;
	if (fsync(t->fd) == -1 ||
	    linkat(AT_FDCWD, from, AT_FDCWD, t->path, AT_SYMLINK_FOLLOW) == -1)
		return -1;
	folder_of(t->path, folder);
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

int
tarball_finish(struct tarball *t)
{
	if (put_manifest(t) == -1)
		return -1;
	if (archive_write_close(t->archive) != ARCHIVE_OK)
		return failed(t);
	if (give_name(t) == 0)
		return 0;
	warn("%s", t->path);
	return -1;
}

void
tarball_free(struct tarball **tp)
{
	struct tarball *t = *tp;

	if (t == NULL)
		return;
	*tp = NULL;
	if (t->archive != NULL)
		archive_write_free(t->archive);
	EVP_MD_CTX_free(t->sum);
	if (t->beside[0] != '\0')
		unlink(t->beside);
	if (t->fd != -1)
		close(t->fd);
	tarball_sums_free(&t->sums);
	free(t->path);
	free(t);
}
