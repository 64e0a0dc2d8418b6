-- The models' performance indexes, for a database that predates them.
-- Apply with `python run_migration.py`, which passes over those that exist. Made by `python run_migration.py --write`.
CREATE INDEX ix_channels_quantity ON channels (quantity);
CREATE INDEX ix_devices_status ON devices (status);
CREATE INDEX ix_digester_devices_digester_id ON digester_devices (digester_id);
CREATE INDEX ix_dirty_days_digester_id_day ON dirty_days (digester_id, day);
CREATE INDEX ix_fillings_date ON fillings (date);
CREATE INDEX ix_fillings_digester_id ON fillings (digester_id);
CREATE INDEX ix_fillings_material_id ON fillings (material_id);
CREATE INDEX ix_login_failures_last_at ON login_failures (last_at);
CREATE INDEX ix_meter_days_digester_id ON meter_days (digester_id);
CREATE INDEX ix_outgoing_mails_due_at ON outgoing_mails (due_at);
CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX ix_rejects_reason ON rejects (reason);
CREATE INDEX ix_reports_digester_id ON reports (digester_id);
CREATE INDEX ix_reports_filling_id ON reports (filling_id);
CREATE INDEX ix_reports_report_type ON reports (report_type);
CREATE INDEX ix_reports_user_id ON reports (user_id);
CREATE INDEX ix_reset_tokens_expires_at ON reset_tokens (expires_at);
CREATE INDEX ix_reset_tokens_user_id ON reset_tokens (user_id);
CREATE INDEX ix_security_incidents_at ON security_incidents (at);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_users_role ON users (role);
