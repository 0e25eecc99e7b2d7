-- Everything here from persons is made from this table, so that the records are read and sorted once.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with unit_years as (
    select unit_code, census_year from {{ ref('int_returns__census_measures') }}
),

-- Who counts as what: as in int_returns__census_measures (domain notes, section 6.2).
records as (
    select
        workers.unit_code,
        workers.census_year,
        workers.worker_pseudonym,
        workers.submission_id,
        workers.source_row,
        workers.period_end,
        workers.role_start_date,
        workers.role_end_date,
        workers.start_origin,
        workers.leaver_destination,
        workers.reason_leave,
        workers.reason_absence,
        workers.org_role,
        workers.age_band,
        -- Gender until 2023, sex since: the seed knows the codes of both.
        coalesce(workers.gender_current, workers.sex) as sex,
        case
            when workers.is_step_up_graduate then 'step_up'
            when workers.is_frontline_graduate then 'frontline'
            when not workers.is_step_up_graduate and not workers.is_frontline_graduate then 'other'
        end as qualification_route,
        workers.base_salary_gbp,
        workers.recruitment_retention_payments_gbp,
        workers.other_payments_gbp,
        workers.is_synthetic,
        not workers.is_agency_worker and workers.role_end_date is null as is_in_post,
        not workers.is_agency_worker
        and workers.role_end_date is null
        and workers.role_start_date between workers.period_start and workers.period_end as is_starter,
        not workers.is_agency_worker
        and workers.role_end_date between workers.period_start and workers.period_end
        and workers.role_start_date < workers.period_start as is_leaver,
        not workers.is_agency_worker
        and workers.role_end_date is null
        and workers.is_absent_on_the_day as is_absent,
        workers.is_agency_worker as is_agency,
        workers.cases >= 1 and workers.fte > 0 as is_case_holder
    from {{ ref('stg_csww_census__worker') }} as workers
    inner join unit_years
        on workers.unit_code = unit_years.unit_code and workers.census_year = unit_years.census_year
),

counted as (
    select
        records.*,
        measures.measure
    from records
    cross join
        lateral (
            values
            ('in_post', records.is_in_post),
            ('starters', records.is_starter),
            ('leavers', records.is_leaver),
            ('absent', records.is_absent),
            ('agency', records.is_agency),
            ('case_holders', records.is_case_holder)
        ) as measures (measure, is_counted)
    where measures.is_counted
),

-- Of several records of a person that count, the more senior post speaks for them (domain notes, section 6.2), then the
-- later start, then the place in the returns. Time in post runs from the latest start, so that those in their first
-- year are the starters.
ranked as (
    select
        counted.*,
        max(counted.role_start_date) over person as latest_start_date,
        row_number() over (
            person
            order by
                counted.org_role asc nulls last,
                counted.role_start_date desc nulls last,
                counted.submission_id asc,
                counted.source_row asc
        ) as place
    from counted
    window person as (
        partition by counted.unit_code, counted.census_year, counted.measure, counted.worker_pseudonym collate "C"
    )
),

one_each as (
    select
        ranked.*,
        -- For a leaver, the day they left.
        case when ranked.measure = 'leavers' then ranked.role_end_date else ranked.period_end end as until_date
    from ranked
    where ranked.place = 1
),

final as (
    select
        unit_code,
        census_year,
        measure,
        worker_pseudonym,
        coalesce(start_origin, 'blank') as origin,
        coalesce(leaver_destination, 'blank') as destination,
        coalesce(reason_leave, 'blank') as leaving_reason,
        coalesce(reason_absence, 'blank') as absence_reason,
        coalesce(org_role, 'blank') as role,
        coalesce(age_band, 'blank') as age_band,
        coalesce(sex, 'blank') as sex,
        coalesce(qualification_route, 'blank') as qualification_route,
        case
            when latest_start_date > until_date then 'blank'
            when latest_start_date > until_date - interval '1 year' then 'under_1_year'
            when latest_start_date > until_date - interval '2 years' then 'from_1_to_2_years'
            when latest_start_date > until_date - interval '5 years' then 'from_2_to_5_years'
            when latest_start_date > until_date - interval '10 years' then 'from_5_to_10_years'
            when latest_start_date is not null then 'from_10_years'
            else 'blank'
        end as time_in_post,
        base_salary_gbp,
        recruitment_retention_payments_gbp,
        other_payments_gbp,
        is_synthetic
    from one_each
)

select * from final
