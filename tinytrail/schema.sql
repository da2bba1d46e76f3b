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
    created_at  real    not null
) strict, without rowid;

create index if not exists users_account on users (account_id);

create table if not exists websites (
    site            integer primary key autoincrement,  -- what traffic is keyed by; never used again
    id              text    not null unique,
    account_id      text    not null references accounts (id) on delete cascade,
    domain          text    not null,
    timezone        text    not null,
    content_groups  text    not null,                   -- json
    excluded_ips    text    not null,                   -- json
    created_at      real    not null,
    unique (account_id, domain)
) strict;

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
    n           integer not null,           -- the how-manieth of its visit: their order in time
    at          integer not null,
    kind        integer not null,           -- web/events.py: KINDS
    path        integer not null,
    name        integer,                    -- strings.id; of a custom event
    properties  text,                       -- json
    primary key (site, day, visit, n)
) strict, without rowid;

-- Days with traffic that `daily` does not hold yet, or no longer in full.
create table if not exists open_days (
    site     integer not null,
    day      integer not null,
    changes  integer not null,              -- counts what was stored, so that a rollup sees it was overtaken
    primary key (site, day)
) strict, without rowid;

-- The rollup. All its numbers are sums, so a period is a sum of days.
create table if not exists daily (
    site       integer not null,
    dimension  integer not null,            -- web/counts.py: DIMENSIONS
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

------------------------------------------------------------------------------------------------ product

----------------------------------------------------------------------------------------------- installs

----------------------------------------------------------------------------------------------- presence
