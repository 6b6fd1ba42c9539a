#include "syncer.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct syncer {
	int (*sync)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	enum syncer_state state;
	int asked, leave, error;
	int64_t took;
};

static void *
run(void *arg)
{
	struct syncer *s = arg;
	int64_t since;
	int result, code;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->asked && !s->leave)
			pthread_cond_wait(&s->turned, &s->lock);
		if (!s->asked)
			break;
		s->asked = 0;
		pthread_mutex_unlock(&s->lock);
		since = clock_now();
		result = s->sync(s->arg);
		code = errno;
		pthread_mutex_lock(&s->lock);
		s->error = code;
		s->took = clock_now() - since;
		s->state = result == 0 ? SYNCER_DONE : SYNCER_FAILED;
		pthread_cond_broadcast(&s->turned);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct syncer *
syncer_start(int (*sync)(void *arg), void *arg)
{
	struct syncer *s;
	int code;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->sync = sync;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turned, NULL);
	if ((code = pthread_create(&s->thread, NULL, run, s)) == 0)
		return s;
	free(s);
	errno = code;
	return NULL;
}

void
syncer_ask(struct syncer *s)
{
	pthread_mutex_lock(&s->lock);
	s->asked = 1;
	s->state = SYNCER_BUSY;
	pthread_cond_broadcast(&s->turned);
	pthread_mutex_unlock(&s->lock);
}

enum syncer_state
syncer_answer(struct syncer *s, int wait)
{
	enum syncer_state state;

	pthread_mutex_lock(&s->lock);
	while (wait && s->state == SYNCER_BUSY)
		pthread_cond_wait(&s->turned, &s->lock);
	state = s->state;
	if (state != SYNCER_BUSY)
		s->state = SYNCER_IDLE;
	if (state == SYNCER_FAILED)
		errno = s->error;
	pthread_mutex_unlock(&s->lock);
	return state;
}

int64_t
syncer_took(const struct syncer *s)
{
	return s->took;
}

void
syncer_stop(struct syncer **s)
{
	struct syncer *old = *s;

	*s = NULL;
	if (old == NULL)
		return;
	pthread_mutex_lock(&old->lock);
	old->leave = 1;
	pthread_cond_broadcast(&old->turned);
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	pthread_cond_destroy(&old->turned);
	pthread_mutex_destroy(&old->lock);
	free(old);
}
