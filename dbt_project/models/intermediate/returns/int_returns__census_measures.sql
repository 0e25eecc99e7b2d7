{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with units as (
    select distinct unit_code, authorities_in_unit from {{ ref('bridge_authority_reporting_unit') }}
),

-- A unit counts once all its authorities have returned, each for itself or together.
unit_years as (
    select
        submissions.unit_code,
        extract(year from submissions.period_end)::integer as census_year,
        bool_or(submissions.is_synthetic) as is_synthetic
    from {{ ref('stg_returns__submissions') }} as submissions
    inner join units on submissions.unit_code = units.unit_code
    where submissions.collection = 'csww_census'
    group by submissions.unit_code, submissions.period_end, units.authorities_in_unit
    having sum(submissions.authorities_covered) >= units.authorities_in_unit
),

-- Who counts as what: the census's definitions, from the items of the return (domain notes, section 6.2). Whoever
-- starts and leaves in the same year is neither a starter nor a leaver. Materialised, so that the records are read once
-- whatever the planner expects of the units.
records as materialized (
    select
        unit_code,
        census_year,
        worker_pseudonym,
        fte,
        previous_fte,
        cases,
        working_days_lost,
        is_agency_worker,
        not is_agency_worker and role_end_date is null as is_in_post,
        not is_agency_worker
        and role_end_date is null
        and role_start_date between period_start and period_end as is_starter,
        not is_agency_worker
        and role_end_date between period_start and period_end
        and role_start_date < period_start as is_leaver,
        cases >= 1 and fte > 0 as is_case_holder
    from {{ ref('stg_csww_census__worker') }}
),

-- A person with several records in a unit is one head; their FTE, cases and days are added.
-- A return without any worker record is nobody, not nothing known.
from_workers as (
    select
        unit_years.unit_code,
        unit_years.census_year,
        unit_years.is_synthetic,
        {{ total_where('records.fte', 'records.is_in_post') }} as inpost_fte,
        count(distinct records.worker_pseudonym) filter (where records.is_in_post) as inpost_headcount,
        count(*) filter (where records.is_in_post and records.fte is null) as inpost_records_without_fte,
        {{ total_where('records.fte', 'records.is_starter') }} as starters_fte,
        count(distinct records.worker_pseudonym) filter (where records.is_starter) as starters_headcount,
        -- A leaver's own FTE is 0: what they were on 30 September of the year before is what leaves.
        {{ total_where('records.previous_fte', 'records.is_leaver') }} as leavers_fte,
        count(distinct records.worker_pseudonym) filter (where records.is_leaver) as leavers_headcount,
        {{ total_where('records.fte', 'records.is_agency_worker') }} as agency_fte,
        count(distinct records.worker_pseudonym) filter (where records.is_agency_worker) as agency_headcount,
        {{ total_where('records.fte', 'records.is_case_holder') }} as case_holders_fte,
        {{ total_where('records.cases', 'records.is_case_holder') }} as cases,
        {{ total_where('records.working_days_lost', 'not records.is_agency_worker') }} as working_days_lost_fte
    from unit_years
    left join records
        on unit_years.unit_code = records.unit_code and unit_years.census_year = records.census_year
    group by unit_years.unit_code, unit_years.census_year, unit_years.is_synthetic
),

-- Null where one half of a joint unit does not say.
from_authorities as (
    select
        unit_code,
        census_year,
        case when count(*) = count(agency_cover_fte) then sum(agency_cover_fte) end as agency_cover_fte,
        case when count(*) = count(vacancy_fte) then sum(vacancy_fte) end as vacancy_fte
    from {{ ref('stg_csww_census__authority') }}
    group by unit_code, census_year
),

final as (
    select
        from_workers.unit_code,
        from_workers.census_year,
        from_workers.inpost_fte,
        from_workers.inpost_headcount,
        from_workers.inpost_records_without_fte,
        from_workers.starters_fte,
        from_workers.starters_headcount,
        from_workers.leavers_fte,
        from_workers.leavers_headcount,
        from_workers.agency_fte,
        from_workers.agency_headcount,
        from_authorities.agency_cover_fte,
        from_authorities.vacancy_fte,
        from_workers.case_holders_fte,
        from_workers.cases,
        from_workers.working_days_lost_fte,
        from_workers.is_synthetic
    from from_workers
    left join from_authorities
        on
            from_workers.unit_code = from_authorities.unit_code
            and from_workers.census_year = from_authorities.census_year
)

select * from final
