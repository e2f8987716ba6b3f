/* A lane: nothing lost, nothing twice, nothing above its room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "helper.h"
#include "lanes.h"

#define JOBS_MAX	4000

/* What the plan's functions of a test have counted. */
struct tally {
	atomic_int	 opened;
	atomic_int	 closed;
	atomic_int	 ran;
	atomic_int	 at_once;
	atomic_int	 most_at_once;
	atomic_int	 served;	/* calls that were given the desk */
	atomic_int	 times[JOBS_MAX];
	size_t		 order[JOBS_MAX];	/* one thread: who came when */
	sem_t		 begun;		/* a blocked job has begun */
	sem_t		 go;		/* and may end */
};

struct job {
	struct tally	*tally;
	size_t		 index;
	bool		 blocks;
};

static struct tally *tally;
static struct job job[JOBS_MAX];

static int
set_up(void **state)
{
	size_t i;

	(void)state;
	tally = calloc(1, sizeof(*tally));
	assert_non_null(tally);
	assert_int_equal(sem_init(&tally->begun, 0, 0), 0);
	assert_int_equal(sem_init(&tally->go, 0, 0), 0);
	for (i = 0; i < JOBS_MAX; i++)
		job[i] = (struct job){ .tally = tally, .index = i };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)sem_destroy(&tally->begun);
	(void)sem_destroy(&tally->go);
	free(tally);
	return 0;
}

static void *
open_desk(void *arg)
{
	struct tally *t = arg;

	(void)atomic_fetch_add(&t->opened, 1);
	return arg;
}

static void *
open_no_desk(void *arg)
{
	(void)open_desk(arg);
	return NULL;
}

static void
close_desk(void *arg, void *desk)
{
	struct tally *t = arg, *mine = desk;

	if (mine != NULL)
		(void)atomic_fetch_add(&mine->served, 1);
	(void)atomic_fetch_add(&t->closed, 1);
}

static void
note_most(struct tally *t)
{
	int now, most;

	now = atomic_fetch_add(&t->at_once, 1) + 1;
	most = atomic_load(&t->most_at_once);
	while (now > most && !atomic_compare_exchange_weak(&t->most_at_once,
	    &most, now))
		continue;
}

static void
run(void *desk, void *arg)
{
	struct job *j = arg;
	struct tally *t = j->tally, *mine = desk;

	if (mine != NULL)
		(void)atomic_fetch_add(&mine->served, 1);
	note_most(t);
	if (j->blocks) {
		(void)sem_post(&t->begun);
		(void)sem_wait(&t->go);
	}
	(void)atomic_fetch_add(&t->times[j->index], 1);
	t->order[atomic_fetch_add(&t->ran, 1)] = j->index;
	(void)atomic_fetch_sub(&t->at_once, 1);
}

static struct lane *
start_ready(size_t threads, size_t ready, size_t queue)
{
	const struct lane_plan plan = { .name = "test lane",
	    .threads = threads, .ready = ready, .queue = queue,
	    .open = open_desk, .close = close_desk, .run = run,
	    .arg = tally };

	return lane_start(&plan);
}

static struct lane *
start(size_t threads, size_t queue)
{
	return start_ready(threads, threads, queue);
}

/* Keeps all its threads busy until it is let go. */
static void
block(struct lane *l, size_t threads)
{
	size_t i;

	for (i = 0; i < threads; i++) {
		job[JOBS_MAX - 1 - i].blocks = true;
		assert_true(lane_put(l, &job[JOBS_MAX - 1 - i]));
		assert_int_equal(sem_wait(&tally->begun), 0);
	}
}

static void
unblock(size_t threads)
{
	while (threads-- > 0)
		assert_int_equal(sem_post(&tally->go), 0);
}

static void
full_lane_refuses(void **state)
{
	struct lane *l = start(2, 3);
	size_t i;

	(void)state;
	block(l, 2);
	for (i = 0; i < 3; i++)
		assert_true(lane_put(l, &job[i]));
	assert_false(lane_put(l, &job[3]));
	assert_false(lane_put(l, &job[4]));
	unblock(2);
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->ran), 5);
	for (i = 0; i < 3; i++)
		assert_int_equal(atomic_load(&tally->times[i]), 1);
	assert_int_equal(atomic_load(&tally->times[3]), 0);
	assert_int_equal(atomic_load(&tally->times[4]), 0);
}

static void
room_comes_back(void **state)
{
	struct lane *l = start(1, 1);
	int round;

	(void)state;
	for (round = 0; round < 20; round++) {
		block(l, 1);
		assert_true(lane_put(l, &job[0]));
		assert_false(lane_put(l, &job[1]));
		unblock(1);
		while (atomic_load(&tally->times[0]) <= round)
			continue;
	}
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->times[0]), 20);
	assert_int_equal(atomic_load(&tally->times[1]), 0);
}

/* Stopping means: nothing new, and all that waits. */
static void
stop_runs_what_was_put(void **state)
{
	struct lane *l = start(2, 100);
	size_t i;

	(void)state;
	block(l, 2);
	for (i = 0; i < 100; i++)
		assert_true(lane_put(l, &job[i]));
	unblock(2);
	lane_stop(l);
	for (i = 0; i < 100; i++)
		assert_int_equal(atomic_load(&tally->times[i]), 1);
}

static void
first_come_first_served(void **state)
{
	struct lane *l = start(1, 7);
	size_t i, put = 0, round;

	(void)state;
	for (round = 0; round < 5; round++) {
		block(l, 1);
		for (i = 0; i < 7; i++)
			assert_true(lane_put(l, &job[put++]));
		unblock(1);
		while (atomic_load(&tally->ran) < (int)(put + round + 1))
			continue;
	}
	lane_stop(l);
	for (i = 0, put = 0; i < 40; i++)
		if (tally->order[i] != JOBS_MAX - 1)
			assert_int_equal(tally->order[i], put++);
}

static void
as_many_at_once_as_threads(void **state)
{
	struct lane *l = start(4, 100);
	size_t i;

	(void)state;
	block(l, 4);
	for (i = 0; i < 100; i++)
		assert_true(lane_put(l, &job[i]));
	unblock(4);
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->most_at_once), 4);
}

static void
threads_come_as_they_are_needed(void **state)
{
	struct lane *l = start_ready(6, 1, 100);
	size_t i;

	(void)state;
	block(l, 1);
	/* A second one if the first was not at its place yet. */
	assert_in_range(atomic_load(&tally->opened), 1, 2);
	unblock(1);
	block(l, 6);
	assert_int_equal(atomic_load(&tally->opened), 6);
	for (i = 0; i < 50; i++)
		assert_true(lane_put(l, &job[i]));
	unblock(6);
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->opened), 6);
	assert_int_equal(atomic_load(&tally->closed), 6);
	assert_int_equal(atomic_load(&tally->most_at_once), 6);
}

static void
each_thread_has_a_desk_of_its_own(void **state)
{
	struct lane *l = start(5, 10);

	(void)state;
	block(l, 5);
	assert_int_equal(atomic_load(&tally->opened), 5);
	assert_int_equal(atomic_load(&tally->closed), 0);
	unblock(5);
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->opened), 5);
	assert_int_equal(atomic_load(&tally->closed), 5);
	assert_int_equal(atomic_load(&tally->served), 5 + 5);
}

static void
lane_without_desks_runs_too(void **state)
{
	struct lane_plan plan = { .name = "no desks", .threads = 2,
	    .ready = 2, .queue = 10, .open = open_no_desk, .close = close_desk,
	    .run = run, .arg = tally };
	struct lane *l = lane_start(&plan);

	(void)state;
	memset(&plan, 0, sizeof(plan));		/* it was copied */
	assert_true(lane_put(l, &job[0]));
	lane_stop(l);
	assert_int_equal(atomic_load(&tally->ran), 1);
	assert_int_equal(atomic_load(&tally->closed), 2);
	assert_int_equal(atomic_load(&tally->served), 0);
}

static void
lane_stops_that_never_had_work(void **state)
{
	(void)state;
	lane_stop(start(3, 1));
	assert_int_equal(atomic_load(&tally->ran), 0);
	assert_int_equal(atomic_load(&tally->closed), 3);
}

#define PUTTERS	4

static atomic_int taken[JOBS_MAX];

static void
put_many(size_t index, void *arg)
{
	size_t i;

	for (i = index; i < JOBS_MAX; i += PUTTERS)
		atomic_store(&taken[i], lane_put(arg, &job[i]) ? 1 : 0);
}

static void
jobs_of_many_threads_run_once_if_taken(void **state)
{
	struct lane *l = start(3, 16);
	size_t i, ran = 0;

	(void)state;
	helper_threads(PUTTERS, put_many, l);
	lane_stop(l);
	for (i = 0; i < JOBS_MAX; i++) {
		assert_int_equal(atomic_load(&tally->times[i]),
		    atomic_load(&taken[i]));
		ran += (size_t)atomic_load(&taken[i]);
	}
	assert_int_equal(atomic_load(&tally->ran), ran);
	assert_true(ran >= 16);
	assert_int_equal(atomic_load(&tally->served), ran + 3);
}

#define LANE(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LANE(full_lane_refuses),
		LANE(room_comes_back),
		LANE(stop_runs_what_was_put),
		LANE(first_come_first_served),
		LANE(as_many_at_once_as_threads),
		LANE(threads_come_as_they_are_needed),
		LANE(each_thread_has_a_desk_of_its_own),
		LANE(lane_without_desks_runs_too),
		LANE(lane_stops_that_never_had_work),
		LANE(jobs_of_many_threads_run_once_if_taken),
	};

	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
