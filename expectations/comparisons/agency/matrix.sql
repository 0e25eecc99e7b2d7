-- One row per table and quarter: how many rows it has, and how many a complete one has.
with places as (
    select
        count(*) filter (where unit_level = 'authority') as units,
        count(*) filter (where unit_level in ('inner_outer', 'london')) as areas
    from reference.reporting_units
),

roles as (
    select count(*) + 1 as roles from reference.agency_role_types
),

measures as (
    select count(*) as members_measures, count(*) filter (where is_public) as public_measures
    from reference.agency_measures
),

quarters as (
    select distinct period_label
    from ledger.current_submissions
    where collection = 'agency_quarterly'
),

found as (
    select 'mart_agency__measures' as table_name, period_label, count(*) as rows_found
    from marts_candidate.mart_agency__measures
    group by period_label
    union all
    select 'mart_agency__pay' as table_name, period_label, count(*) as rows_found
    from marts_candidate.mart_agency__pay
    group by period_label
    union all
    select 'agency_measures (open data)' as table_name, period_label, count(*) as rows_found
    from open_data_candidate.agency_measures
    group by period_label
),

expected as (
    select
        quarters.period_label,
        tables.table_name,
        tables.rows_expected
    from quarters
    cross join places
    cross join roles
    cross join measures
    cross join lateral (
        values
        ('mart_agency__measures', (places.units + places.areas) * roles.roles * measures.members_measures),
        -- Four payment bases and three rate bases; a unit has rows of all roles only.
        ('mart_agency__pay', (places.units + places.areas * roles.roles) * 12),
        ('agency_measures (open data)', places.areas * roles.roles * measures.public_measures)
    ) as tables (table_name, rows_expected)
),

final as (
    select
        expected.table_name,
        expected.table_name || ' ' || expected.period_label as place,
        coalesce(found.rows_found, 0) as rows_found,
        expected.rows_expected
    from expected
    left join found
        on expected.table_name = found.table_name and expected.period_label = found.period_label
)

select * from final
order by place
