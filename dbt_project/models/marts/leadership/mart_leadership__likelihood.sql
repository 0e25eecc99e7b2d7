{%- set counts = ['focus_in_tier', 'focus_in_workforce', 'reference_in_tier', 'reference_in_workforce'] -%}

with likelihood_tables as (
    select
        likelihoods.*,
        fisher.fisher_p,
        case
            when likelihoods.base_status is not null then likelihoods.base_status
            when 0 in (likelihoods.focus_in_tier, likelihoods.reference_in_tier) then 'z'
        end as ratio_status
    from {{ ref('int_leadership__likelihood_tables') }} as likelihoods
    left join {{ ref('int_leadership__fisher_tests') }} as fisher on likelihoods.table_id = fisher.table_id
),

-- What is the same for every row of a unit, year and source.
unit_years as (
    select
        unit_code,
        as_at_year,
        source,
        units_counted,
        units_expected,
        is_carried_forward,
        gm_definition,
        is_synthetic
    from {{ ref('int_leadership__representation') }}
    where product in ('published', 'members') and tier = 'all' and ethnic_group = 'total'
),

ratios as (
    select
        *,
        case
            when ratio_status is null
                then {{ likelihood_ratio(*counts) }}
        end as ratio,
        case
            when ratio_status is null
                then {{ katz_low(*counts) }}
        end as ratio_low,
        case
            when ratio_status is null
                then {{ katz_high(*counts) }}
        end as ratio_high
    from likelihood_tables
),

final as (
    select
        ratios.unit_code,
        units.unit_name,
        units.unit_level,
        ratios.as_at_year,
        ratios.source,
        ratios.tier,
        tiers.tier_label,
        tiers.tier_order,
        ratios.focus_group,
        focus.ethnic_group_label as focus_group_label,
        focus.ethnic_group_order as focus_group_order,
        ratios.reference_group,
        {{ leadership_group_label(
            'ratios.reference_group', 'reference.ethnic_group_label', 'unit_years.gm_definition'
        ) }} as reference_group_label,
        round(ratios.ratio::numeric, 3) as ratio,
        round(ratios.ratio_low::numeric, 3) as ratio_low,
        round(ratios.ratio_high::numeric, 3) as ratio_high,
        ratios.ratio_status,
        ratios.fisher_p,
        ratios.fisher_p < 0.05 as is_significant,
        {{ four_fifths_band('ratios.ratio') }} as four_fifths_band,
        ratios.focus_in_tier,
        ratios.focus_in_workforce,
        ratios.reference_in_tier,
        ratios.reference_in_workforce,
        ratios.counts_status,
        tiers.event,
        tiers.worse_when,
        case
            when tiers.worse_when = 'below_1'
                then
                    'Below 1 is worse: fewer ' || focus.ethnic_group_label || ' than White staff ' || tiers.reading
                    || ', for their numbers.'
            else
                'Neither side of 1 is better: above 1 means only that more ' || focus.ethnic_group_label
                || ' than White staff ' || tiers.reading || ', for their numbers.'
        end as direction,
        unit_years.is_carried_forward,
        unit_years.gm_definition,
        unit_years.units_counted,
        unit_years.units_expected,
        {{ coverage_label('unit_years.units_counted', 'unit_years.units_expected') }} as coverage_label,
        unit_years.is_synthetic,
        {{ leadership_unit_note('unit_years', 'units', [
            "case when ratios.ratio_status = 'z' then 'Not calculable: nobody of one of the groups is in the tier.' end",
            "case when ratios.counts_status is null and ratios.base_status = 'c' "
            "then 'The two groups are too few in the tier for a ratio.' end",
            "case when ratios.counts_status = 'c' then 'A count it needs is withheld.' end"
        ]) }} as note
    from ratios
    inner join unit_years
        on
            ratios.unit_code = unit_years.unit_code
            and ratios.as_at_year = unit_years.as_at_year
            and ratios.source = unit_years.source
    inner join {{ ref('dim_reporting_unit') }} as units on ratios.unit_code = units.unit_code
    inner join {{ ref('leadership_tier_codes') }} as tiers on ratios.tier = tiers.tier
    inner join {{ ref('leadership_groups') }} as focus on ratios.focus_group = focus.ethnic_group
    inner join {{ ref('leadership_groups') }} as reference on ratios.reference_group = reference.ethnic_group
)

select * from final
