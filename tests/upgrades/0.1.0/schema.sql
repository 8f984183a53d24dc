CREATE TABLE mxopendata_alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE mxopendata_change (
    seq bigint NOT NULL,
    xid bigint DEFAULT txid_current() NOT NULL,
    dataset_id text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE mxopendata_change_reader (
    name text NOT NULL,
    xid bigint NOT NULL,
    seq bigint NOT NULL
);

CREATE SEQUENCE mxopendata_change_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mxopendata_change_seq_seq OWNED BY mxopendata_change.seq;

CREATE TABLE mxopendata_dashboard_alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE mxopendata_dashboard_measurement (
    dataset_id text NOT NULL,
    owner_org text,
    private boolean NOT NULL,
    state text NOT NULL,
    archived boolean NOT NULL,
    frequency text,
    freshness_basis text NOT NULL,
    modified timestamp with time zone,
    due timestamp with time zone,
    late_after timestamp with time zone,
    points numeric(7,1) NOT NULL,
    points_max integer NOT NULL,
    missing jsonb NOT NULL,
    resources integer NOT NULL,
    open_resources integer NOT NULL,
    machine_readable_resources integer CONSTRAINT mxopendata_dashboard_measur_machine_readable_resources_not_null NOT NULL,
    formats jsonb NOT NULL,
    licensed boolean NOT NULL,
    with_contact boolean NOT NULL,
    package_modified timestamp without time zone,
    formula_version text NOT NULL,
    measured_at timestamp with time zone NOT NULL
);

CREATE TABLE mxopendata_dashboard_snapshot (
    scope text NOT NULL,
    scope_id text NOT NULL,
    day date NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    formula_version text NOT NULL,
    sums jsonb NOT NULL,
    figures jsonb NOT NULL,
    as_of timestamp with time zone NOT NULL
);

CREATE TABLE mxopendata_harvest_alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE mxopendata_harvest_identity (
    source_id text NOT NULL,
    identifier text NOT NULL,
    dataset_id text NOT NULL,
    hash text NOT NULL,
    title_key text NOT NULL,
    source_tags text[] DEFAULT '{}'::text[] NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    severity text,
    first_seen timestamp with time zone NOT NULL,
    absent_since timestamp with time zone,
    absent_runs integer DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone
);

CREATE TABLE mxopendata_harvest_record (
    run_id text NOT NULL,
    number integer NOT NULL,
    identifier text NOT NULL,
    previous_identifier text,
    title text,
    title_key text NOT NULL,
    hash text NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    dataset_id text,
    matched_by text,
    possible_duplicate_of text,
    findings jsonb NOT NULL,
    severity text
);

CREATE TABLE mxopendata_harvest_run (
    id text NOT NULL,
    source_id text NOT NULL,
    job_id text,
    phase text NOT NULL,
    status text,
    at timestamp with time zone NOT NULL,
    started timestamp with time zone NOT NULL,
    finished timestamp with time zone,
    force boolean DEFAULT false NOT NULL,
    confirmed boolean DEFAULT false NOT NULL,
    total integer,
    "position" jsonb DEFAULT '{}'::jsonb NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    read integer DEFAULT 0 NOT NULL,
    created integer DEFAULT 0 NOT NULL,
    updated integer DEFAULT 0 NOT NULL,
    unchanged integer DEFAULT 0 NOT NULL,
    matched integer DEFAULT 0 NOT NULL,
    restored integer DEFAULT 0 NOT NULL,
    duplicate integer DEFAULT 0 NOT NULL,
    excluded integer DEFAULT 0 NOT NULL,
    rejected integer DEFAULT 0 NOT NULL,
    in_grace integer DEFAULT 0 NOT NULL,
    archived integer DEFAULT 0 NOT NULL,
    deleted integer DEFAULT 0 NOT NULL,
    doubtful integer DEFAULT 0 NOT NULL,
    warnings integer DEFAULT 0 NOT NULL
);

CREATE TABLE mxopendata_harvest_source (
    source_id text NOT NULL,
    file text NOT NULL,
    digest text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE mxopendata_harvest_spool (
    run_id text NOT NULL,
    number integer NOT NULL,
    page integer NOT NULL,
    identifier text NOT NULL,
    hash text NOT NULL,
    title text,
    title_key text NOT NULL,
    action text,
    findings jsonb NOT NULL,
    severity text,
    record bytea NOT NULL
);

ALTER TABLE ONLY mxopendata_change ALTER COLUMN seq SET DEFAULT nextval('mxopendata_change_seq_seq'::regclass);

ALTER TABLE ONLY mxopendata_alembic_version
    ADD CONSTRAINT mxopendata_alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY mxopendata_change
    ADD CONSTRAINT mxopendata_change_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY mxopendata_change_reader
    ADD CONSTRAINT mxopendata_change_reader_pkey PRIMARY KEY (name);

ALTER TABLE ONLY mxopendata_dashboard_alembic_version
    ADD CONSTRAINT mxopendata_dashboard_alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY mxopendata_dashboard_measurement
    ADD CONSTRAINT mxopendata_dashboard_measurement_pkey PRIMARY KEY (dataset_id);

ALTER TABLE ONLY mxopendata_dashboard_snapshot
    ADD CONSTRAINT mxopendata_dashboard_snapshot_pkey PRIMARY KEY (scope, scope_id, day);

ALTER TABLE ONLY mxopendata_harvest_alembic_version
    ADD CONSTRAINT mxopendata_harvest_alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY mxopendata_harvest_identity
    ADD CONSTRAINT mxopendata_harvest_identity_pkey PRIMARY KEY (source_id, identifier);

ALTER TABLE ONLY mxopendata_harvest_record
    ADD CONSTRAINT mxopendata_harvest_record_pkey PRIMARY KEY (run_id, number);

ALTER TABLE ONLY mxopendata_harvest_run
    ADD CONSTRAINT mxopendata_harvest_run_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mxopendata_harvest_source
    ADD CONSTRAINT mxopendata_harvest_source_pkey PRIMARY KEY (source_id);

ALTER TABLE ONLY mxopendata_harvest_spool
    ADD CONSTRAINT mxopendata_harvest_spool_pkey PRIMARY KEY (run_id, number);

CREATE INDEX ix_mxopendata_change_order ON mxopendata_change USING btree (xid, seq);

CREATE INDEX ix_mxopendata_dashboard_measurement_owner ON mxopendata_dashboard_measurement USING btree (owner_org);

CREATE INDEX ix_mxopendata_harvest_identity_dataset ON mxopendata_harvest_identity USING btree (dataset_id);

CREATE INDEX ix_mxopendata_harvest_identity_title ON mxopendata_harvest_identity USING btree (source_id, title_key);

CREATE INDEX ix_mxopendata_harvest_record_identifier ON mxopendata_harvest_record USING btree (run_id, identifier);

CREATE INDEX ix_mxopendata_harvest_record_waiting ON mxopendata_harvest_record USING btree (run_id, number) WHERE (state <> 'done'::text);

CREATE INDEX ix_mxopendata_harvest_run_job ON mxopendata_harvest_run USING btree (job_id);

CREATE INDEX ix_mxopendata_harvest_run_source ON mxopendata_harvest_run USING btree (source_id, started);

CREATE INDEX ix_mxopendata_harvest_spool_identifier ON mxopendata_harvest_spool USING btree (run_id, identifier);

CREATE UNIQUE INDEX uq_mxopendata_harvest_run_open ON mxopendata_harvest_run USING btree (source_id) WHERE (status IS NULL);
