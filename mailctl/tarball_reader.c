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
#include <unistd.h>

#define PIECE	 65536
#define WHY_SIZE (2 * TARBALL_NAME_MAX + 256)

struct tarball_reader {
	char *path;
	int fd;
	off_t size; /* of the file */
	struct archive *archive;
	EVP_MD_CTX *sum;
	struct tarball_sums sums; /* as they were found at first */
	size_t next;		  /* of them, in the second reading */
	int is_checked;
	char name[TARBALL_NAME_MAX]; /* the member that is read */
};

static int
failed(const struct tarball_reader *r, const char *what)
{
	warnx("%s is damaged at octet %jd%s%s: %s", r->path,
	    (intmax_t)archive_filter_bytes(r->archive, 0),
	    r->name[0] == '\0' ? "" : ", in ", r->name, what);
	return -1;
}

/* From the begin. */
static int
rewind_it(struct tarball_reader *r)
{
	if (r->archive != NULL)
		archive_read_free(r->archive);
	if ((r->archive = archive_read_new()) == NULL) {
		warnx("%s: no memory", r->path);
		return -1;
	}
	r->name[0] = '\0';
	r->next = 0;
	if (lseek(r->fd, 0, SEEK_SET) == -1) {
		warn("%s", r->path);
		return -1;
	}
	if (archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
	    archive_read_open_fd(r->archive, r->fd, PIECE) != ARCHIVE_OK)
		return failed(r, archive_error_string(r->archive));
	return 0;
}

/* 1, 0 at the end, -1.  Also MANIFEST. */
static int
next_member(struct tarball_reader *r, struct tarball_member *m)
{
	struct archive_entry *entry;
	const char *name, *owner, *group;
	int code = archive_read_next_header(r->archive, &entry);

	r->name[0] = '\0';
	if (code == ARCHIVE_EOF)
		return 0;
	if (code != ARCHIVE_OK)
		return failed(r, archive_error_string(r->archive));
	name = archive_entry_pathname(entry);
	owner = archive_entry_uname(entry);
	group = archive_entry_gname(entry);
	/* A size of more than the archive's is that of holes. */
	if (name == NULL || !tarball_name_is_plain(name) ||
	    archive_entry_filetype(entry) != AE_IFREG ||
	    archive_entry_hardlink(entry) != NULL ||
	    archive_entry_size(entry) < 0 ||
	    archive_entry_size(entry) > r->size)
		return failed(r, "that is no member of a backup");
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(m->rights.owner, sizeof(m->rights.owner), "%s",
	    owner ? owner : "root");
	snprintf(m->rights.group, sizeof(m->rights.group), "%s",
	    group ? group : "root");
	m->size = (uint64_t)archive_entry_size(entry);
	m->rights.mode = archive_entry_perm(entry) & 0777;
	return 1;
}

/* Reads the member to fd (-1: to nowhere), and its sum. */
static int
pass_on(struct tarball_reader *r, int fd, unsigned char sum[TARBALL_SUM])
{
	static char data[PIECE];
	ssize_t n = 0;

	if (EVP_DigestInit_ex(r->sum, EVP_sha256(), NULL) != 1)
		return failed(r, "there is no SHA-256");
	while ((n = archive_read_data(r->archive, data, sizeof(data))) > 0) {
		if (EVP_DigestUpdate(r->sum, data, (size_t)n) != 1)
			break;
		progress_step((uint64_t)archive_filter_bytes(r->archive, 0));
		for (ssize_t at = 0, put; fd != -1 && at < n; at += put)
			if ((put = write(fd, data + at, (size_t)(n - at))) <
			    1) {
				warn("%s", r->name);
				return -1;
			}
	}
	explicit_bzero(data, sizeof(data));
	if (n < 0)
		return failed(r, archive_error_string(r->archive));
	if (n > 0 || EVP_DigestFinal_ex(r->sum, sum, NULL) != 1)
		return failed(r, "SHA-256 failed");
	return 0;
}

/* Its text, whose length is known, with a NUL; the caller's. */
static char *
read_text(struct tarball_reader *r, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL) {
		warn("%s", r->path);
		return NULL;
	}
	if (archive_read_data(r->archive, text, size) != (ssize_t)size) {
		failed(r, "it is cut off");
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

static int
check_manifest(struct tarball_reader *r, const struct tarball_member *m)
{
	char why[WHY_SIZE], *text;
	struct tarball_member more;
	int result;

	if (m->size > TARBALL_SUMS_MOST)
		return failed(r, "it is too large");
	if ((text = read_text(r, (size_t)m->size)) == NULL)
		return -1;
	result = tarball_sums_compare(
	    &r->sums, text, (size_t)m->size, why, sizeof(why));
	free(text);
	if (result == -1) {
		warnx("%s: %s", r->path, why);
		return -1;
	}
	if ((result = next_member(r, &more)) == 1)
		return failed(r, "it stands behind MANIFEST");
	return result;
}

/* Reads all of it, and compares. */
static int
check_all(struct tarball_reader *r)
{
	unsigned char sum[TARBALL_SUM];
	struct tarball_member m;
	int64_t at;
	int more;

	if (rewind_it(r) == -1)
		return -1;
	while ((more = next_member(r, &m)) == 1) {
		at = archive_read_header_position(r->archive);
		if (strcmp(m.name, TARBALL_MANIFEST) == 0)
			return check_manifest(r, &m);
		if (pass_on(r, -1, sum) == -1)
			return -1;
		if (r->sums.count == TARBALL_MOST ||
		    tarball_sums_add(&r->sums, m.name, m.size, at, sum) == -1)
			return failed(r, "there are too many members");
	}
	return more == -1
		   ? -1
		   : failed(r, "it ends before its MANIFEST: the rest of it is "
			       "not there");
}

/* Likewise, with a bar. */
static int
check(struct tarball_reader *r)
{
	int result;

	progress_begin("checking", "octets", (uint64_t)r->size);
	result = check_all(r);
	progress_end();
	return result;
}

struct tarball_reader *
tarball_open(const char *path)
{
	struct tarball_reader *r = calloc(1, sizeof(*r));
	struct stat st;

	if (r == NULL) {
		warn("%s", path);
		return NULL;
	}
	r->path = strdup(path);
	r->sum = EVP_MD_CTX_new();
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->path == NULL || r->sum == NULL)
		warnx("%s: no memory", path);
	else if (r->fd == -1 || fstat(r->fd, &st) == -1)
		warn("%s", path);
	else if (!S_ISREG(st.st_mode))
		warnx("%s is no file", path);
	else {
		r->size = st.st_size;
		if (check(r) == 0 && rewind_it(r) == 0)
			return r;
	}
	tarball_close(&r);
	return NULL;
}

size_t
tarball_reader_count(const struct tarball_reader *r)
{
	return r->sums.count;
}

uint64_t
tarball_reader_octets(const struct tarball_reader *r)
{
	return r->sums.octets;
}

int
tarball_next(struct tarball_reader *r, struct tarball_member *m)
{
	int more = next_member(r, m);

	if (more != 1 || strcmp(m->name, TARBALL_MANIFEST) == 0)
		return more == -1 ? -1 : 0;
	r->is_checked = r->next < r->sums.count &&
			strcmp(r->sums.items[r->next].name, m->name) == 0;
	r->next++;
	return r->is_checked ? 1 : failed(r, "it was changed meanwhile");
}

int
tarball_copy(struct tarball_reader *r, int fd)
{
	unsigned char sum[TARBALL_SUM];

	if (pass_on(r, fd, sum) == -1)
		return -1;
	if (memcmp(sum, r->sums.items[r->next - 1].sum, sizeof(sum)) != 0)
		return failed(r, "it was changed meanwhile");
	return 0;
}

int
tarball_text(struct tarball_reader *r, char *data, size_t size)
{
	uint64_t length = r->sums.items[r->next - 1].size;
	char *text;

	if (length >= size)
		return failed(r, "it is too long");
	if ((text = read_text(r, (size_t)length)) == NULL)
		return -1;
	memcpy(data, text, (size_t)length + 1);
	free(text);
	return 0;
}

void
tarball_close(struct tarball_reader **rp)
{
	struct tarball_reader *r = *rp;

	if (r == NULL)
		return;
	*rp = NULL;
	if (r->archive != NULL)
		archive_read_free(r->archive);
	EVP_MD_CTX_free(r->sum);
	if (r->fd != -1)
		close(r->fd);
	tarball_sums_free(&r->sums);
	free(r->path);
	free(r);
}
