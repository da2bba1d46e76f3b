-- The whole schema, one section a system. Times are Unix seconds, days are days since 1970-01-01.
-- Run at each start, so everything says "if not exists".

---------------------------------------------------------------------------------------------------- web

create table if not exists accounts (
    id          text    primary key,
    name        text    not null,
    created_at  real    not null
) strict, without rowid;

create table if not exists users (
    id          text    primary key,
    account_id  text    not null references accounts (id) on delete cascade,
    email       text,
    role        text    not null,
    key_hash    blob    not null unique,    -- of an API key that is derived, and so never stored
    created_at  real    not null,
    key_version integer not null default 1  -- how many keys this user has had: the key is derived from it
) strict, without rowid;

create index if not exists users_account on users (account_id);

-- Who is signed in to the dashboard, by a cookie of which only the hash is here.
create table if not exists sessions (
    id            text    primary key,
    token_hash    blob    not null unique,
    user_id       text    not null references users (id) on delete cascade,
    created_at    real    not null,
    last_used_at  real    not null,         -- to the hour
    expires_at    real    not null,
    browser       text    not null,
    os            text    not null
) strict, without rowid;

create index if not exists sessions_user on sessions (user_id, last_used_at);

create table if not exists websites (
    site            integer primary key autoincrement,  -- what traffic is keyed by; never used again
    id              text    not null unique,
    account_id      text    not null references accounts (id) on delete cascade,
    domain          text    not null,
    timezone        text    not null,
    content_groups  text    not null,                   -- json
    excluded_ips    text    not null,                   -- json
    created_at      real    not null,
    retention_days  integer,                            -- null: [web] retention_days
    unique (account_id, domain)
) strict;

-- Links that show a website's reports to whoever has them.
create table if not exists shares (
    id             text    primary key,
    website_id     text    not null references websites (id) on delete cascade,
    name           text    not null,
    is_embeddable  integer not null,
    token_hash     blob    not null unique,  -- of a token that is derived, and so never stored
    created_at     real    not null
) strict, without rowid;

create index if not exists shares_website on shares (website_id);

-- Sites whose traffic is still to be deleted, slice by slice.
create table if not exists leftovers (
    site  integer primary key
) strict;

-- Strings that repeat are stored once a site and stand as their id elsewhere.
create table if not exists strings (
    id     integer primary key,
    site   integer not null,
    value  text    not null,
    unique (site, value)
) strict;

create table if not exists paths (
    id             integer primary key,
    site           integer not null,
    path           text    not null,
    content_group  text,                    -- judged anew when the website's patterns change
    unique (site, path)
) strict;

create table if not exists visits (
    id           integer primary key,
    site         integer not null,
    day          integer not null,          -- the site's local day on which it began
    visitor      integer not null,          -- 64 bits of the daily hash
    started      integer not null,
    last_seen    integer not null,
    events       integer not null,          -- of any kind
    pageviews    integer not null,
    customs      integer not null,
    entry        integer,                   -- paths.id; null: no page view yet
    exit         integer,
    channel      integer not null,          -- from here on strings.id
    referrer     integer,
    utm          integer,                   -- json: [source, medium, campaign]
    device       integer not null,
    browser      integer not null,
    os           integer not null,
    screen       integer not null,
    country      integer,
    is_bot       integer not null,
    is_excluded  integer not null
) strict;

create index if not exists visits_day on visits (site, day, visitor);

-- A visit's events lie side by side, and a day's in one stretch.
create table if not exists events (
    site        integer not null,
    day         integer not null,           -- the site's local day
    visit       integer not null,
    n           integer not null,           -- its place among its visit's, from 1 on: their order in time
    at          integer not null,
    kind        integer not null,           -- web/events.py: KINDS
    path        integer not null,
    name        integer,                    -- strings.id; of a custom event
    properties  text,                       -- json
    primary key (site, day, visit, n)
) strict, without rowid;

-- Days with traffic that `daily` does not hold yet, not in full, or no longer.
create table if not exists open_days (
    site        integer not null,
    day         integer not null,
    changes     integer not null,           -- counts what was stored, so that a rollup sees it was overtaken
    counting    integer not null default 0, -- the visits last seen before this moment are being counted
    counted     integer not null default 0, -- those last seen before this one are in `daily`; 0: none
    first_open  integer not null default 0, -- all others have at least this id
    primary key (site, day)
) strict, without rowid;

-- The rollup. All its numbers are sums, so a period is a sum of days.
create table if not exists daily (
    site       integer not null,
    dimension  integer not null,            -- its place in web/dimensions.py: DIMENSIONS
    day        integer not null,
    value      integer not null,            -- strings.id or paths.id; 0 for the site as a whole
    is_bot     integer not null,
    visits     integer not null,
    visitors   integer not null,
    pageviews  integer not null,
    bounces    integer not null,
    seconds    integer not null,
    entries    integer not null,
    exits      integer not null,
    events     integer not null,
    primary key (site, dimension, day, value, is_bot)
) strict, without rowid;

-- `daily` added up, from the first day to some days: web/running.py.
create table if not exists running_totals (
    id         integer primary key autoincrement,
    site       integer not null,
    dimension  integer not null,
    is_bot     integer not null,
    day        integer not null,            -- up to and with this day
    size       integer not null,            -- rows in `running`
    unique (site, dimension, is_bot, day)
) strict;

-- Their rows. The key is one number, so that two totals can be read side by side.
create table if not exists running (
    id         integer primary key,         -- running_totals.id << 32 | value
    visits     integer not null,
    visitors   integer not null,
    pageviews  integer not null,
    bounces    integer not null,
    seconds    integer not null,
    entries    integer not null,
    exits      integer not null,
    events     integer not null
) strict;

-- Totals that hold no longer, whose rows are still to be deleted, slice by slice.
create table if not exists leftover_totals (
    id  integer primary key
) strict;

create trigger if not exists rows_are_left_over after delete on running_totals
begin
    insert into leftover_totals values (old.id);
end;

-- Weeks of which page views are counted by what many visits have: web/reports/segments.py.
create table if not exists segment_weeks (
    id          integer primary key autoincrement,
    site        integer not null,
    day         integer not null,           -- the first
    last_day    integer not null,
    is_counted  integer not null,           -- 0: some of it may be missing
    unique (site, day)
) strict;

create table if not exists segment_pages (
    week       integer not null references segment_weeks (id) on delete cascade,
    dimension  integer not null,            -- web/reports/filters.py: SEGMENTED
    value      integer not null,            -- strings.id or paths.id: what the visits have
    path       integer not null,
    pageviews  integer not null,
    visitors   integer not null,
    primary key (week, dimension, value, path)
) strict, without rowid;

-- Days of which custom events are counted by their properties: web/reports/property_days.py.
create table if not exists property_days (
    id     integer primary key autoincrement,
    site   integer not null,
    day    integer not null,
    state  integer not null,                -- 0: being counted, 1: counted, 2: not worth it
    unique (site, day)
) strict;

create table if not exists property_counts (
    day       integer not null references property_days (id) on delete cascade,
    event     integer not null,             -- strings.id
    is_bot    integer not null,
    property  text    not null,
    value     text    not null,
    count     integer not null,
    primary key (day, event, is_bot, property, value)
) strict, without rowid;

----------------------------------------------------------------------------------------------- product

-- Users' ids and events' names, which stand as their id elsewhere.
create table if not exists product_strings (
    id     integer primary key,
    value  text    not null unique
) strict;

insert or ignore into product_strings (id, value) values (1, 'play'), (2, 'stop');

create table if not exists product_events (
    id        integer primary key,
    at        integer not null,             -- Unix microseconds: when it happened
    stored    integer not null,             -- when it arrived, which is what its expiry goes by
    user      integer not null,             -- product_strings.id
    event     integer not null,             -- product_strings.id
    is_open   integer not null,             -- a play or stop that waits for its other half
    metadata  text                          -- json
) strict;

create index if not exists product_open on product_events (user, event, at) where is_open = 1;

-- All that reports read; kept for good. A session stands with its play: the day that it began on.
create table if not exists product_daily (
    user      integer not null,             -- 0 for everybody
    day       integer not null,             -- UTC
    event     integer not null,
    events    integer not null,
    sessions  integer not null,
    seconds   integer not null,
    primary key (user, day, event)
) strict, without rowid;

----------------------------------------------------------------------------------------------- installs

create table if not exists instances (
    id          blob    primary key,        -- the 16 bytes of the UUID
    first_seen  integer not null,
    last_seen   integer not null,
    version     text    not null
) strict, without rowid;

-- How many instances were active at the moment `at`, the last at which something happened.
create table if not exists active_now (
    id       integer primary key check (id = 1),
    at       integer not null,
    active   integer not null,
    min_age  integer not null               -- the seconds that all of this was counted with
) strict;

-- How many of each version were active at that moment; without those that none had.
create table if not exists active_versions (
    version  text    primary key,
    active   integer not null
) strict, without rowid;

-- How these numbers will change if no more heartbeats come: instances come of age, or fall silent.
create table if not exists active_changes (
    at       integer not null,
    version  text    not null,
    change   integer not null,
    primary key (at, version)
) strict, without rowid;

-- How many were active at the end of each finished day.
create table if not exists active_days (
    day     integer primary key,
    active  integer not null
) strict;

----------------------------------------------------------------------------------------------- presence

create table if not exists devices (
    id          integer primary key,        -- 0, 1, 2 ...
    name        text    not null,
    token_hash  blob    not null unique,
    last_beat   integer,                    -- null: none yet
    num_beats   integer not null default 0
) strict;

-- One row: what holds for all devices together.
create table if not exists presence (
    only             integer primary key check (only = 1),
    first_start      integer not null,
    last_seen        integer,               -- null: no beat yet
    longest_absence  integer not null default 0,    -- of those that a beat has ended
    total_beats      integer not null default 0,
    num_visits       integer not null default 0,
    told_since       integer,               -- last_seen of the absence that the webhook was told of
    back_at          integer,               -- the beat that ended it, until the webhook is told of that
    failed_calls     integer not null default 0,
    latest_beat      integer                -- past last_seen where the clock was set back since; null: as that
) strict;

-- An hour or more without a beat, written down by the beat that ended it.
create table if not exists absences (
    ended  integer not null,
    began  integer not null,
    primary key (ended, began)
) strict, without rowid;
