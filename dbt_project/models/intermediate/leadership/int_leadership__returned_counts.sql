{{ config(materialized='table', post_hook='analyze {{ this }}') }}

{%- set definition = var('global_majority_definition', 'gm_not_white') %}

with unit_years as (
    select unit_code, as_at_year
    from {{ ref('int_leadership__returning_units') }}
    where has_returned and unit_code = area_code
),

groups as (
    select ethnic_group, published_group, share_basis from {{ ref('leadership_groups') }}
),

codes as (
    select ethnicity_code, ethnic_group as published_group, is_known from {{ ref('ethnicity_codes') }}
),

definitions as (
    select ethnicity_code, is_global_majority, valid_from, valid_to
    from {{ ref('global_majority_definitions') }}
    where definition = '{{ definition }}'
),

rows_coded as (
    select
        returned.unit_code,
        returned.census_year as as_at_year,
        returned.tier as returned_tier,
        returned.headcount,
        returned.shortlisted,
        returned.appointed,
        returned.entered_disciplinary,
        returned.leavers,
        returned.funded_development,
        case when codes.is_known then 'known' else 'not_known' end as known_group,
        -- Who is known and not in the Global Majority is who it is compared with. A code the definition forgets is in
        -- neither, and the sums then stop the build.
        case
            when codes.is_known and definitions.is_global_majority then 'global_majority'
            when codes.is_known and not definitions.is_global_majority then 'white'
        end as side,
        case
            when '{{ definition }}' = 'gm_not_white' and codes.is_known and groups.ethnic_group <> 'white'
                then groups.ethnic_group
        end as detail_group
    from {{ ref('stg_leadership_in_colour__representation') }} as returned
    inner join codes on returned.ethnicity_code = codes.ethnicity_code
    left join definitions
        on
            returned.ethnicity_code = definitions.ethnicity_code
            and returned.period_end >= definitions.valid_from
            and returned.period_end <= coalesce(definitions.valid_to, date '9999-12-31')
    left join groups on codes.published_group = groups.published_group
),

rows_in_groups as (
    select
        rows_coded.*,
        groups.ethnic_group
    from rows_coded
    inner join groups
        on groups.ethnic_group in ('total', rows_coded.known_group, rows_coded.side, rows_coded.detail_group)
),

-- Null as soon as one row does not say.
final as (
    select
        rows_in_groups.unit_code,
        rows_in_groups.as_at_year,
        rows_in_groups.returned_tier,
        rows_in_groups.ethnic_group,
        {{ sum_if_all_given('rows_in_groups.headcount') }} as headcount,
        {{ sum_if_all_given('rows_in_groups.shortlisted') }} as shortlisted,
        {{ sum_if_all_given('rows_in_groups.appointed') }} as appointed,
        {{ sum_if_all_given('rows_in_groups.entered_disciplinary') }} as entered_disciplinary,
        {{ sum_if_all_given('rows_in_groups.leavers') }} as leavers,
        {{ sum_if_all_given('rows_in_groups.funded_development') }} as funded_development
    from rows_in_groups
    inner join unit_years
        on rows_in_groups.unit_code = unit_years.unit_code and rows_in_groups.as_at_year = unit_years.as_at_year
    group by
        rows_in_groups.unit_code,
        rows_in_groups.as_at_year,
        rows_in_groups.returned_tier,
        rows_in_groups.ethnic_group
)

select * from final
