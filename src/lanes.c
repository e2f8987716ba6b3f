#include "lanes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "log.h"

#define STACK_WIPED	16384	/* bytes: more than a job is seen to use */

struct lane {
	struct lane_plan plan;
	pthread_t	*thread;
	pthread_mutex_t	 lock;		/* guards what follows */
	size_t		 begun;		/* threads */
	size_t		 idle;		/* of them */
	pthread_cond_t	 wake;
	void		**job;		/* a ring of plan.queue */
	size_t		 first;
	size_t		 waiting;
	bool		 stopping;
};

/* NULL once the lane stops and nothing waits. */
static void *
lane_take(struct lane *l)
{
	void *job = NULL;

	(void)pthread_mutex_lock(&l->lock);
	l->idle++;
	while (l->waiting == 0 && !l->stopping)
		(void)pthread_cond_wait(&l->wake, &l->lock);
	l->idle--;
	if (l->waiting > 0) {
		job = l->job[l->first];
		l->first = (l->first + 1) % l->plan.queue;
		l->waiting--;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return job;
}

/*
 * What libraries copy to their frames, a password among it, would stay there
 * until another call happens to write over it.
 */
static void __attribute__((noinline))
wipe_stack(void)
{
	unsigned char frames[STACK_WIPED];

	explicit_bzero(frames, sizeof(frames));
}

static void *
lane_main(void *arg)
{
	struct lane *l = arg;
	void *desk, *job;

	desk = l->plan.open(l->plan.arg);
	while ((job = lane_take(l)) != NULL) {
		l->plan.run(desk, job);
		wipe_stack();
	}
	l->plan.close(l->plan.arg, desk);
	return NULL;
}

/* With the lock held.  A lane that has a thread can do without the next. */
static void
begin_thread(struct lane *l)
{
	pthread_t *thread = &l->thread[l->begun];

	if (pthread_create(thread, NULL, lane_main, l) == 0) {
		(void)pthread_setname_np(*thread, l->plan.name);
		l->begun++;
	} else if (l->begun < l->plan.ready)
		log_abort("no thread");
}

bool
lane_put(struct lane *l, void *job)
{
	bool room;

	(void)pthread_mutex_lock(&l->lock);
	room = l->waiting < l->plan.queue;
	if (room) {
		l->job[(l->first + l->waiting) % l->plan.queue] = job;
		l->waiting++;
		if (l->waiting > l->idle && l->begun < l->plan.threads)
			begin_thread(l);
		(void)pthread_cond_signal(&l->wake);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return room;
}

struct lane *
lane_start(const struct lane_plan *plan)
{
	struct lane *l;

	l = heap_zeroed(1, sizeof(*l));
	l->plan = *plan;
	l->thread = heap_zeroed(plan->threads, sizeof(*l->thread));
	l->job = heap_zeroed(plan->queue, sizeof(*l->job));
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->wake, NULL);
	(void)pthread_mutex_lock(&l->lock);
	while (l->begun < plan->ready)
		begin_thread(l);
	(void)pthread_mutex_unlock(&l->lock);
	return l;
}

void
lane_stop(struct lane *l)
{
	size_t i;

	(void)pthread_mutex_lock(&l->lock);
	l->stopping = true;
	(void)pthread_cond_broadcast(&l->wake);
	(void)pthread_mutex_unlock(&l->lock);
	for (i = 0; i < l->begun; i++)
		(void)pthread_join(l->thread[i], NULL);
	(void)pthread_mutex_destroy(&l->lock);
	(void)pthread_cond_destroy(&l->wake);
	free(l->job);
	free(l->thread);
	free(l);
}
