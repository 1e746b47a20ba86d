CREATE TABLE act_nonce (
    nonce TEXT NOT NULL,
    at {whole} NOT NULL,
    CONSTRAINT pk_act_nonce PRIMARY KEY (nonce)
){strict};

CREATE TABLE agreement (
    id TEXT NOT NULL,
    version {whole} NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_agreement_state CHECK (state IN ('proposed', 'in_force', 'suspended', 'ended')),
    valid_from {whole} NOT NULL,
    valid_to {whole},
    rules_hash TEXT NOT NULL,
    switches TEXT NOT NULL,
    adopted_at {whole},
    CONSTRAINT pk_agreement PRIMARY KEY (id, version),
    CONSTRAINT ck_agreement_validity CHECK (valid_to IS NULL OR valid_to >= valid_from)
){strict};

CREATE UNIQUE INDEX uq_agreement_one_in_force ON agreement (id) WHERE state = 'in_force';

CREATE TABLE console_challenge (
    sha256 TEXT NOT NULL,
    at {whole} NOT NULL,
    CONSTRAINT pk_console_challenge PRIMARY KEY (sha256)
){strict};

CREATE TABLE console_session (
    token_sha256 TEXT NOT NULL,
    person TEXT NOT NULL,
    key_id TEXT NOT NULL,
    begun {whole} NOT NULL,
    seen {whole} NOT NULL,
    CONSTRAINT pk_console_session PRIMARY KEY (token_sha256)
){strict};

CREATE TABLE first_signature (
    content TEXT NOT NULL,
    action TEXT NOT NULL,
    stated TEXT NOT NULL,
    person TEXT NOT NULL,
    act TEXT NOT NULL,
    expires {whole} NOT NULL,
    at {whole} NOT NULL,
    CONSTRAINT pk_first_signature PRIMARY KEY (content)
){strict};

CREATE TABLE leaf (
    idx {whole} NOT NULL CONSTRAINT ck_leaf_idx CHECK (idx >= 0),
    type TEXT NOT NULL,
    batch_id TEXT,
    hash {bytes} NOT NULL,
    body {bytes} NOT NULL,
    CONSTRAINT pk_leaf PRIMARY KEY (idx),
    CONSTRAINT ck_leaf_hash CHECK (length(hash) = 32),
    CONSTRAINT ck_leaf_body CHECK (length(body) BETWEEN 1 AND 65535)
){strict};

CREATE INDEX ix_leaf_batch_id_type ON leaf (batch_id, type) WHERE batch_id IS NOT NULL;

CREATE INDEX ix_leaf_not_a_decision ON leaf (idx) WHERE type != 'request.decided';

CREATE INDEX ix_leaf_type_idx ON leaf (type, idx) WHERE batch_id IS NULL;

CREATE TABLE ledger_head (
    id {whole} NOT NULL,
    size {whole} NOT NULL,
    published_size {whole} NOT NULL,
    published_root TEXT,
    CONSTRAINT pk_ledger_head PRIMARY KEY (id),
    CONSTRAINT ck_ledger_head_one_row CHECK (id = 1),
    CONSTRAINT ck_ledger_head_published_within CHECK (published_size >= 0 AND published_size <= size)
){strict};

CREATE TABLE meta (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_meta PRIMARY KEY (key)
){strict};

CREATE TABLE own_record (
    person TEXT NOT NULL,
    blind TEXT NOT NULL,
    CONSTRAINT pk_own_record PRIMARY KEY (person, blind)
){strict};

CREATE TABLE party (
    agency TEXT NOT NULL,
    side TEXT NOT NULL CONSTRAINT ck_party_side CHECK (side IN ('source', 'recipient')),
    root_public TEXT NOT NULL,
    CONSTRAINT pk_party PRIMARY KEY (agency)
){strict};

CREATE TABLE agreement_signature (
    agreement_id TEXT NOT NULL,
    version {whole} NOT NULL,
    agency TEXT NOT NULL,
    act TEXT NOT NULL,
    CONSTRAINT pk_agreement_signature PRIMARY KEY (agreement_id, version, agency),
    CONSTRAINT fk_agreement_signature_agreement_id_version FOREIGN KEY(agreement_id, version) REFERENCES agreement (id, version)
){strict};

CREATE TABLE batch (
    id TEXT NOT NULL CONSTRAINT ck_batch_id CHECK (id LIKE 'B-____-______'),
    log_id TEXT NOT NULL CONSTRAINT ck_batch_log_id CHECK (length(log_id) = 32),
    agreement_id TEXT,
    agreement_version {whole},
    agency TEXT,
    gate TEXT,
    data_class TEXT,
    signer TEXT,
    nonce TEXT,
    file_root TEXT,
    count {whole} CONSTRAINT ck_batch_count CHECK (count >= 0),
    state TEXT NOT NULL CONSTRAINT ck_batch_state CHECK (state IN ('received', 'checked', 'matched', 'reviewed', 'sampled', 'authorized', 'committed', 'dispatched', 'acknowledged', 'refused', 'blocked')),
    held {whole} NOT NULL CONSTRAINT ck_batch_held CHECK (held IN (0, 1)),
    received_at {whole} NOT NULL,
    rules_hash TEXT,
    switches TEXT,
    register_version TEXT,
    evidence_sha256s TEXT,
    decisions_root TEXT,
    answers {whole},
    answers_root TEXT,
    wrapped_key {bytes},
    key_destroyed_at {whole},
    sample_k {whole},
    CONSTRAINT pk_batch PRIMARY KEY (id),
    CONSTRAINT fk_batch_agreement_id_agreement_version FOREIGN KEY(agreement_id, agreement_version) REFERENCES agreement (id, version),
    CONSTRAINT uq_batch_log_id UNIQUE (log_id),
    CONSTRAINT uq_batch_agency_nonce UNIQUE (agency, nonce),
    CONSTRAINT ck_batch_complete CHECK (state = 'refused' OR (agreement_id IS NOT NULL AND agreement_version IS NOT NULL AND agency IS NOT NULL AND gate IS NOT NULL AND data_class IS NOT NULL AND signer IS NOT NULL AND nonce IS NOT NULL AND file_root IS NOT NULL AND count IS NOT NULL AND rules_hash IS NOT NULL)),
    CONSTRAINT ck_batch_key_destroyed CHECK (key_destroyed_at IS NULL OR wrapped_key IS NULL),
    CONSTRAINT fk_batch_agency FOREIGN KEY(agency) REFERENCES party (agency)
){strict};

CREATE INDEX ix_batch_file_root ON batch (file_root);

CREATE INDEX ix_batch_state ON batch (state);

CREATE TABLE court_order (
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    court_time {whole} NOT NULL,
    imposed_at {whole} NOT NULL,
    imposed_leaf {whole} NOT NULL,
    lifted_at {whole},
    lifted_leaf {whole},
    CONSTRAINT pk_court_order PRIMARY KEY (id),
    CONSTRAINT ck_court_order_lifted_on_record CHECK ((lifted_at IS NULL) = (lifted_leaf IS NULL)),
    CONSTRAINT fk_court_order_imposed_leaf FOREIGN KEY(imposed_leaf) REFERENCES leaf (idx),
    CONSTRAINT fk_court_order_lifted_leaf FOREIGN KEY(lifted_leaf) REFERENCES leaf (idx)
){strict};

CREATE TABLE court_permit (
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    court_time {whole} NOT NULL,
    entered_at {whole} NOT NULL,
    entered_leaf {whole} NOT NULL,
    ended_at {whole},
    ended_leaf {whole},
    CONSTRAINT pk_court_permit PRIMARY KEY (id),
    CONSTRAINT ck_court_permit_ended_on_record CHECK ((ended_at IS NULL) = (ended_leaf IS NULL)),
    CONSTRAINT fk_court_permit_entered_leaf FOREIGN KEY(entered_leaf) REFERENCES leaf (idx),
    CONSTRAINT fk_court_permit_ended_leaf FOREIGN KEY(ended_leaf) REFERENCES leaf (idx)
){strict};

CREATE TABLE hold (
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    placed_at {whole} NOT NULL,
    placed_leaf {whole} NOT NULL,
    lifted_at {whole},
    lifted_leaf {whole},
    CONSTRAINT pk_hold PRIMARY KEY (id),
    CONSTRAINT ck_hold_lifted_on_record CHECK ((lifted_at IS NULL) = (lifted_leaf IS NULL)),
    CONSTRAINT fk_hold_placed_leaf FOREIGN KEY(placed_leaf) REFERENCES leaf (idx),
    CONSTRAINT fk_hold_lifted_leaf FOREIGN KEY(lifted_leaf) REFERENCES leaf (idx)
){strict};

CREATE TABLE invitation (
    code_sha256 TEXT NOT NULL,
    agency TEXT NOT NULL,
    person TEXT NOT NULL,
    roles TEXT NOT NULL,
    invited_at {whole} NOT NULL,
    expires {whole} NOT NULL,
    act TEXT NOT NULL,
    CONSTRAINT pk_invitation PRIMARY KEY (code_sha256),
    CONSTRAINT ck_invitation_lasts CHECK (expires > invited_at),
    CONSTRAINT fk_invitation_agency FOREIGN KEY(agency) REFERENCES party (agency)
){strict};

CREATE TABLE key (
    key_id TEXT NOT NULL,
    agency TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ck_key_kind CHECK (kind IN ('ed25519', 'passkey', 'vault')),
    public TEXT NOT NULL,
    roles TEXT NOT NULL,
    webauthn TEXT,
    credential TEXT,
    enrolled_at {whole} NOT NULL,
    revoked_at {whole},
    compromised_since {whole},
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_key PRIMARY KEY (key_id),
    CONSTRAINT uq_key_credential UNIQUE (credential),
    CONSTRAINT ck_key_passkey CHECK ((kind = 'passkey') = (webauthn IS NOT NULL)),
    CONSTRAINT fk_key_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_key_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE officer (
    agency TEXT NOT NULL,
    person TEXT NOT NULL,
    employee {whole} NOT NULL CONSTRAINT ck_officer_employee CHECK (employee IN (0, 1)),
    active {whole} NOT NULL CONSTRAINT ck_officer_active CHECK (active IN (0, 1)),
    cleared {whole} NOT NULL CONSTRAINT ck_officer_cleared CHECK (cleared IN (0, 1)),
    trained_on {whole},
    mfa {whole} NOT NULL CONSTRAINT ck_officer_mfa CHECK (mfa IN (0, 1)),
    office TEXT NOT NULL,
    office_from {whole},
    office_to {whole},
    salt TEXT NOT NULL,
    changed_at {whole} NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_officer PRIMARY KEY (agency, person),
    CONSTRAINT fk_officer_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_officer_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE standing (
    seq {serial} NOT NULL,
    agency TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_at {whole} NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_standing PRIMARY KEY (seq),
    CONSTRAINT fk_standing_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_standing_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE vault (
    id TEXT NOT NULL,
    agency TEXT NOT NULL,
    jwk TEXT NOT NULL,
    attested {whole} NOT NULL CONSTRAINT ck_vault_attested CHECK (attested IN (0, 1)),
    storage TEXT NOT NULL,
    enrolled_at {whole} NOT NULL,
    revoked_at {whole},
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_vault PRIMARY KEY (id),
    CONSTRAINT fk_vault_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_vault_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE api_call (
    agency TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    at {whole} NOT NULL,
    CONSTRAINT pk_api_call PRIMARY KEY (agency, key),
    CONSTRAINT fk_api_call_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_api_call_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_api_call_batch_id ON api_call (batch_id);

CREATE TABLE asked (
    batch_id TEXT NOT NULL,
    received_at {whole} NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_asked PRIMARY KEY (batch_id),
    CONSTRAINT fk_asked_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE assignment (
    batch_id TEXT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT ck_assignment_role CHECK (role IN ('signer', 'officer', 'operator', 'reviewer', 'authorizer', 'counsel', 'safeguards', 'overseer')),
    CONSTRAINT pk_assignment PRIMARY KEY (batch_id, person),
    CONSTRAINT fk_assignment_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE "authorization" (
    nonce TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    officer TEXT NOT NULL,
    person TEXT NOT NULL,
    key_id TEXT NOT NULL,
    root TEXT NOT NULL,
    expires {whole} NOT NULL,
    act TEXT NOT NULL,
    at {whole} NOT NULL,
    voided_at {whole},
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_authorization PRIMARY KEY (nonce),
    CONSTRAINT fk_authorization_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_authorization_key_id FOREIGN KEY(key_id) REFERENCES key (key_id),
    CONSTRAINT fk_authorization_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE UNIQUE INDEX uq_authorization_one_live_per_person ON "authorization" (batch_id, root, person) WHERE voided_at IS NULL;

CREATE TABLE batch_figure (
    batch_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value {whole} NOT NULL,
    CONSTRAINT pk_batch_figure PRIMARY KEY (batch_id, name),
    CONSTRAINT fk_batch_figure_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE candidate (
    key_id TEXT NOT NULL,
    code_sha256 TEXT,
    agency TEXT NOT NULL,
    person TEXT NOT NULL,
    roles TEXT NOT NULL,
    public TEXT NOT NULL,
    webauthn TEXT NOT NULL,
    credential TEXT NOT NULL,
    made_at {whole} NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_candidate_state CHECK (state IN ('waiting', 'enrolled', 'declined')),
    CONSTRAINT pk_candidate PRIMARY KEY (key_id),
    CONSTRAINT uq_candidate_credential UNIQUE (credential),
    CONSTRAINT fk_candidate_code_sha256 FOREIGN KEY(code_sha256) REFERENCES invitation (code_sha256),
    CONSTRAINT fk_candidate_agency FOREIGN KEY(agency) REFERENCES party (agency)
){strict};

CREATE TABLE citation (
    batch_id TEXT NOT NULL,
    ordinal {whole} NOT NULL,
    agreement_id TEXT NOT NULL,
    document {bytes},
    subject {bytes},
    CONSTRAINT pk_citation PRIMARY KEY (batch_id, ordinal),
    CONSTRAINT fk_citation_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_citation_agreement_id_document ON citation (agreement_id, document);

CREATE INDEX ix_citation_agreement_id_subject ON citation (agreement_id, subject);

CREATE TABLE decided_count (
    batch_id TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ck_decided_count_kind CHECK (kind IN ('decision', 'reason')),
    name TEXT NOT NULL,
    value {whole} NOT NULL,
    CONSTRAINT pk_decided_count PRIMARY KEY (batch_id, kind, name),
    CONSTRAINT fk_decided_count_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE engagement (
    batch_id TEXT NOT NULL,
    officer TEXT NOT NULL,
    key_id TEXT NOT NULL,
    count {whole} NOT NULL,
    sha256 TEXT NOT NULL,
    receives {whole} NOT NULL CONSTRAINT ck_engagement_receives CHECK (receives IN (0, 1)),
    CONSTRAINT pk_engagement PRIMARY KEY (batch_id, officer),
    CONSTRAINT fk_engagement_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_engagement_key_id FOREIGN KEY(key_id) REFERENCES key (key_id)
){strict};

CREATE INDEX ix_engagement_officer ON engagement (officer);

CREATE TABLE inspection (
    id {serial} NOT NULL,
    person TEXT NOT NULL,
    why TEXT NOT NULL,
    command TEXT NOT NULL,
    batch_id TEXT,
    own {whole} NOT NULL CONSTRAINT ck_inspection_own CHECK (own IN (0, 1)),
    at {whole} NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_inspection PRIMARY KEY (id),
    CONSTRAINT fk_inspection_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_inspection_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE matter (
    id TEXT NOT NULL CONSTRAINT ck_matter_id CHECK (id LIKE 'M-____-______'),
    kind TEXT NOT NULL CONSTRAINT ck_matter_kind CHECK (kind IN ('ai_notice', 'environment_notice', 'redisclosure', 'recall', 'incident', 'use', 'access', 'contest', 'service')),
    agency TEXT NOT NULL,
    agreement_id TEXT,
    batch_id TEXT,
    state TEXT NOT NULL,
    opened_at {whole} NOT NULL,
    due_at {whole},
    stops_from {whole},
    closed_at {whole},
    detail TEXT NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_matter PRIMARY KEY (id),
    CONSTRAINT fk_matter_agency FOREIGN KEY(agency) REFERENCES party (agency),
    CONSTRAINT fk_matter_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_matter_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE INDEX ix_matter_agency_kind ON matter (agency, kind) WHERE closed_at IS NULL;

CREATE TABLE order_effect (
    order_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    reached {whole} NOT NULL CONSTRAINT ck_order_effect_reached CHECK (reached IN (0, 1)),
    state TEXT NOT NULL,
    voided {whole} NOT NULL,
    withheld {whole} NOT NULL,
    left_at {whole},
    at {whole} NOT NULL,
    CONSTRAINT pk_order_effect PRIMARY KEY (order_id, batch_id),
    CONSTRAINT fk_order_effect_order_id FOREIGN KEY(order_id) REFERENCES court_order (id),
    CONSTRAINT fk_order_effect_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_order_effect_batch_id ON order_effect (batch_id);

CREATE TABLE order_subject (
    order_id TEXT NOT NULL,
    person TEXT NOT NULL,
    salt {bytes} NOT NULL,
    blinds TEXT NOT NULL,
    CONSTRAINT pk_order_subject PRIMARY KEY (order_id, person),
    CONSTRAINT fk_order_subject_order_id FOREIGN KEY(order_id) REFERENCES court_order (id)
){strict};

CREATE TABLE outbox (
    id {serial} NOT NULL,
    batch_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_outbox_state CHECK (state IN ('pending', 'withheld', 'sent')),
    made_at {whole} NOT NULL,
    sent_at {whole},
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_sent_has_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT uq_outbox_batch_id_path UNIQUE (batch_id, path),
    CONSTRAINT fk_outbox_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE receipt (
    batch_id TEXT NOT NULL,
    person TEXT NOT NULL,
    act TEXT NOT NULL,
    at {whole} NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (batch_id, person),
    CONSTRAINT fk_receipt_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_receipt_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE referral (
    batch_id TEXT NOT NULL,
    ordinal {whole} NOT NULL,
    codes TEXT NOT NULL,
    resolution TEXT CONSTRAINT ck_referral_resolution CHECK (resolution IN ('accept', 'refuse')),
    CONSTRAINT pk_referral PRIMARY KEY (batch_id, ordinal),
    CONSTRAINT fk_referral_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_referral_batch_id ON referral (batch_id) WHERE resolution IS NULL;

CREATE TABLE release (
    batch_id TEXT NOT NULL,
    root TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_release_state CHECK (state IN ('committed', 'dispatched', 'withheld')),
    facts TEXT NOT NULL,
    committed_leaf {whole} NOT NULL,
    dispatched_leaf {whole},
    answers {whole} NOT NULL,
    sealed_root TEXT NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (batch_id, root),
    CONSTRAINT ck_release_dispatched_on_record CHECK ((state = 'dispatched') = (dispatched_leaf IS NOT NULL)),
    CONSTRAINT fk_release_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_release_committed_leaf FOREIGN KEY(committed_leaf) REFERENCES leaf (idx),
    CONSTRAINT fk_release_dispatched_leaf FOREIGN KEY(dispatched_leaf) REFERENCES leaf (idx)
){strict};

CREATE UNIQUE INDEX uq_release_one_live_per_batch ON release (batch_id) WHERE state != 'withheld';

CREATE TABLE request (
    batch_id TEXT NOT NULL,
    ordinal {whole} NOT NULL,
    log_request TEXT NOT NULL,
    decision TEXT NOT NULL CONSTRAINT ck_request_decision CHECK (decision IN ('disclose', 'confirm', 'deny', 'no_disclosure', 'deficient')),
    leaf_idx {whole},
    answered {whole} NOT NULL CONSTRAINT ck_request_answered CHECK (answered IN (0, 1)),
    CONSTRAINT pk_request PRIMARY KEY (batch_id, ordinal),
    CONSTRAINT fk_request_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_request_batch_id_decision_ordinal ON request (batch_id, decision, ordinal);

CREATE TABLE review (
    batch_id TEXT NOT NULL,
    ordinal {whole} NOT NULL,
    seq {whole} NOT NULL,
    reviewer TEXT NOT NULL,
    key_id TEXT NOT NULL,
    verdict TEXT NOT NULL CONSTRAINT ck_review_verdict CHECK (verdict IN ('accept', 'refuse')),
    code TEXT,
    salt TEXT NOT NULL,
    at {whole} NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_review PRIMARY KEY (batch_id, ordinal, seq),
    CONSTRAINT fk_review_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_review_key_id FOREIGN KEY(key_id) REFERENCES key (key_id),
    CONSTRAINT fk_review_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE sample (
    batch_id TEXT NOT NULL,
    decisions_root TEXT NOT NULL,
    seed TEXT NOT NULL,
    size {whole} NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_sample_state CHECK (state IN ('drawn', 'passed', 'failed', 'aborted')),
    CONSTRAINT pk_sample PRIMARY KEY (batch_id, decisions_root),
    CONSTRAINT fk_sample_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE sample_stock (
    k {whole} NOT NULL,
    commitment TEXT NOT NULL,
    overseer TEXT NOT NULL,
    apart {whole} NOT NULL CONSTRAINT ck_sample_stock_apart CHECK (apart IN (0, 1)),
    revealed TEXT,
    batch_id TEXT,
    CONSTRAINT pk_sample_stock PRIMARY KEY (k),
    CONSTRAINT uq_sample_stock_batch_id UNIQUE (batch_id),
    CONSTRAINT fk_sample_stock_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE step (
    batch_id TEXT NOT NULL,
    step TEXT NOT NULL,
    at {whole} NOT NULL,
    leaf_idx {whole},
    CONSTRAINT pk_step PRIMARY KEY (batch_id, step),
    CONSTRAINT fk_step_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id),
    CONSTRAINT fk_step_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE TABLE work (
    batch_id TEXT NOT NULL,
    worker TEXT NOT NULL,
    state TEXT NOT NULL,
    begun {whole} NOT NULL,
    beat {whole} NOT NULL,
    CONSTRAINT pk_work PRIMARY KEY (batch_id),
    CONSTRAINT fk_work_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE TABLE matter_item (
    matter TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    ordinal {whole} NOT NULL,
    custodian TEXT NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_matter_item PRIMARY KEY (matter, batch_id, ordinal, custodian),
    CONSTRAINT fk_matter_item_matter FOREIGN KEY(matter) REFERENCES matter (id),
    CONSTRAINT fk_matter_item_batch_id FOREIGN KEY(batch_id) REFERENCES batch (id)
){strict};

CREATE INDEX ix_matter_item_batch_id_ordinal ON matter_item (batch_id, ordinal);

CREATE TABLE matter_step (
    seq {serial} NOT NULL,
    matter TEXT NOT NULL,
    step TEXT NOT NULL,
    person TEXT NOT NULL,
    at {whole} NOT NULL,
    detail TEXT NOT NULL,
    leaf_idx {whole} NOT NULL,
    CONSTRAINT pk_matter_step PRIMARY KEY (seq),
    CONSTRAINT fk_matter_step_matter FOREIGN KEY(matter) REFERENCES matter (id),
    CONSTRAINT fk_matter_step_leaf_idx FOREIGN KEY(leaf_idx) REFERENCES leaf (idx)
){strict};

CREATE INDEX ix_matter_step_matter ON matter_step (matter);

CREATE TABLE sample_item (
    batch_id TEXT NOT NULL,
    decisions_root TEXT NOT NULL,
    position {whole} NOT NULL,
    ordinal {whole} NOT NULL,
    verdict TEXT,
    by TEXT,
    CONSTRAINT pk_sample_item PRIMARY KEY (batch_id, decisions_root, position),
    CONSTRAINT fk_sample_item_batch_id_decisions_root FOREIGN KEY(batch_id, decisions_root) REFERENCES sample (batch_id, decisions_root),
    CONSTRAINT uq_sample_item_batch_id_decisions_root_ordinal UNIQUE (batch_id, decisions_root, ordinal),
    CONSTRAINT ck_sample_item_judged_by_someone CHECK ((verdict IS NULL) = ("by" IS NULL))
){strict};

INSERT INTO ledger_head (id, size, published_size) VALUES (1, 0, 0);
