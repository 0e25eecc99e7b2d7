-- One row per public table: its rows that the members' mart does not have, or has with another value, and the
-- members' rows it lacks.
with indicators as (
    select
        'open_data_candidate.census_indicators' as table_name,
        public_rows.unit_code is null as is_absent,
        members_rows.unit_code is null as is_unknown,
        (public_rows.value is distinct from members_rows.value)
        or (public_rows.value_status is distinct from members_rows.value_status) as is_different
    from marts_candidate.mart_census__indicators as members_rows
    full outer join open_data_candidate.census_indicators as public_rows
        on
            members_rows.unit_code = public_rows.unit_code
            and members_rows.census_year = public_rows.census_year
            and members_rows.indicator = public_rows.indicator
),

role_by_ethnicity as (
    select
        'open_data_candidate.census_role_by_ethnicity' as table_name,
        public_rows.unit_code is null as is_absent,
        members_rows.unit_code is null as is_unknown,
        (public_rows.headcount is distinct from members_rows.headcount)
        or (public_rows.headcount_status is distinct from members_rows.headcount_status)
        or (public_rows.fte is distinct from members_rows.fte)
        or (public_rows.fte_status is distinct from members_rows.fte_status)
        or (public_rows.share_pct is distinct from members_rows.share_pct)
        or (public_rows.share_status is distinct from members_rows.share_status) as is_different
    from marts_candidate.mart_census__role_by_ethnicity as members_rows
    full outer join open_data_candidate.census_role_by_ethnicity as public_rows
        on
            members_rows.unit_code = public_rows.unit_code
            and members_rows.census_year = public_rows.census_year
            and members_rows.role = public_rows.role
            and members_rows.ethnic_group = public_rows.ethnic_group
),

both_tables as (
    select table_name, is_absent, is_unknown, is_different from indicators
    union all
    select table_name, is_absent, is_unknown, is_different from role_by_ethnicity
),

final as (
    select
        table_name,
        count(*) filter (where is_unknown or (is_different and not is_absent)) as rows_different,
        count(*) filter (where is_absent) as rows_absent
    from both_tables
    group by table_name
)

select * from final
order by table_name
