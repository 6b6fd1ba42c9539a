#include "owner.h"

#include "log.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	uid_t home_uid, uid, lowest;
	gid_t home_gid, gid;
} self;

/* The calls of the C library would change all threads: these change one. */
static int
set_uid(uid_t uid)
{
	return (int)syscall(SYS_setresuid, -1, uid, -1);
}

static int
set_gid(gid_t gid)
{
	return (int)syscall(SYS_setresgid, -1, gid, -1);
}

void
owner_setup(uid_t lowest)
{
	self.uid = self.home_uid = geteuid();
	self.gid = self.home_gid = getegid();
	self.lowest = lowest;
}

void
owner_home(void)
{
	/* The uid first: where home is root, it brings back the right to set
	 * the gid. */
	if (self.uid != self.home_uid && set_uid(self.home_uid) == -1)
		panic("can't return to uid %u", (unsigned)self.home_uid);
	self.uid = self.home_uid;
	if (self.gid != self.home_gid && set_gid(self.home_gid) == -1)
		panic("can't return to gid %u", (unsigned)self.home_gid);
	self.gid = self.home_gid;
}

int
owner_become(uid_t uid, gid_t gid)
{
	if (uid == self.uid && gid == self.gid)
		return 0;
	if (uid == self.home_uid && gid == self.home_gid) {
		owner_home();
		return 0;
	}
	if (uid < self.lowest || gid < self.lowest || uid == (uid_t)-1 ||
	    gid == (gid_t)-1) {
		owner_home();
		errno = EPERM;
		return -1;
	}
	if (self.home_uid == 0)
		owner_home();
	if (set_gid(gid) == -1)
		goto failed;
	self.gid = gid;
	if (set_uid(uid) == -1)
		goto failed;
	self.uid = uid;
	return 0;
failed:
	owner_home();
	errno = EPERM;
	return -1;
}
