{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with submissions as (
    select
        submission_id,
        unit_code,
        period_label,
        period_start,
        period_end,
        authorities_covered,
        is_synthetic
    from {{ ref('stg_returns__submissions') }}
    where collection = 'ep_workforce'
),

periods as (
    select
        submissions.period_label,
        submissions.period_start,
        submissions.period_end,
        windows.calendar_label,
        bool_or(submissions.is_synthetic) as is_synthetic
    from submissions
    left join {{ ref('return_windows') }} as windows
        on windows.collection = 'ep_workforce' and submissions.period_start = windows.period_start
    group by submissions.period_label, submissions.period_start, submissions.period_end, windows.calendar_label
),

units as (
    select unit_code, inner_outer_code, parent_unit_code, authorities_in_unit
    from {{ ref('dim_reporting_unit') }}
    where unit_level = 'authority'
),

-- A grade without a row is not known to be nobody, so an establishment counts with a row for every grade only.
with_every_grade as (
    select submission_id
    from {{ ref('stg_ep_workforce__establishment') }}
    group by submission_id
    having count(distinct ep_grade) = (select count(*) from {{ ref('ep_grades') }})
),

-- A joint unit counts once both its authorities have returned, each for itself or together.
returned as (
    select
        submissions.period_label,
        submissions.unit_code,
        sum(submissions.authorities_covered) as authorities_of_agency_use,
        sum(submissions.authorities_covered) filter (where with_every_grade.submission_id is not null)
            as authorities_of_establishment
    from submissions
    left join with_every_grade on submissions.submission_id = with_every_grade.submission_id
    group by submissions.period_label, submissions.unit_code
),

counted as (
    select
        periods.period_label,
        periods.calendar_label,
        periods.period_start,
        periods.period_end,
        periods.is_synthetic,
        units.unit_code,
        units.inner_outer_code,
        units.parent_unit_code,
        records.record,
        coalesce(records.authorities, 0) >= units.authorities_in_unit as is_counted
    from periods
    cross join units
    left join returned on periods.period_label = returned.period_label and units.unit_code = returned.unit_code
    cross join
        lateral (
            values
            ('agency_use', returned.authorities_of_agency_use),
            ('establishment', returned.authorities_of_establishment)
        ) as records (record, authorities)
),

final as (
    select
        counted.record,
        counted.period_label,
        counted.calendar_label,
        counted.period_start,
        counted.period_end,
        counted.unit_code,
        places.place_code,
        counted.is_counted,
        counted.is_synthetic
    from counted
    cross join
        lateral (values (counted.unit_code), (counted.inner_outer_code), (counted.parent_unit_code))
            as places (place_code)
)

select * from final
