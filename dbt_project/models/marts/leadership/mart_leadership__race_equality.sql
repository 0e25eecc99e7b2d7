{%- set counts = ['focus', 'focus_base', 'reference', 'reference_base'] -%}
{%- set cell_columns = [
    'unit_code', 'as_at_year', 'measure', 'count_kind', 'ethnic_group', 'units_counted', 'units_expected', 'is_synthetic'
] %}

with protected_counts as (
    {{ protected_cells(ref('cells_leadership_race_equality'), 'leadership_race_equality', 'members', cell_columns) }}
),

-- One row a measure: what happened to whom, and how many it could have happened to. Those are not shown: beside the
-- headcounts of all units they would give away the units that did not give the items.
measured as (
    select
        unit_code,
        as_at_year,
        measure,
        max(protected_count) filter (where count_kind = 'happened' and ethnic_group = 'global_majority') as focus,
        max(protected_status) filter (
            where count_kind = 'happened' and ethnic_group = 'global_majority'
        ) as focus_status,
        max(protected_count) filter (where count_kind = 'base' and ethnic_group = 'global_majority') as focus_base,
        max(protected_count) filter (where count_kind = 'happened' and ethnic_group = 'white') as reference,
        max(protected_status) filter (where count_kind = 'happened' and ethnic_group = 'white') as reference_status,
        max(protected_count) filter (where count_kind = 'base' and ethnic_group = 'white') as reference_base,
        max(protected_status) filter (where count_kind = 'base') as base_status,
        min(units_counted) as units_counted,
        min(units_expected) as units_expected,
        bool_or(is_synthetic) as is_synthetic
    from protected_counts
    group by unit_code, as_at_year, measure
),

covered as (
    select
        measured.unit_code,
        measured.as_at_year,
        measured.measure,
        measured.units_counted,
        measured.units_expected,
        measured.is_synthetic,
        registry.is_covered,
        case when registry.is_covered then measured.focus end as focus,
        case when registry.is_covered then measured.focus_status else 'x' end as focus_status,
        case when registry.is_covered then measured.focus_base end as focus_base,
        case when registry.is_covered then measured.reference end as reference,
        case when registry.is_covered then measured.reference_status else 'x' end as reference_status,
        case when registry.is_covered then measured.reference_base end as reference_base,
        case when registry.is_covered then measured.base_status else 'x' end as base_status
    from measured
    inner join lateral (
        select measured.units_counted * 100 >= measured.units_expected * measures.minimum_coverage_pct as is_covered
        from {{ ref('race_equality_measures') }} as measures
        where measured.measure = measures.measure
    ) as registry on true
),

judged as (
    select
        *,
        coalesce(
            focus_status,
            reference_status,
            base_status,
            case
                when focus_base + reference_base < {{ disclosure_parameter('members', 'minimum_group_for_ratios') }}
                    then 'c'
                when 0 in (focus, reference, focus_base, reference_base) then 'z'
            end
        ) as ratio_status,
        unit_code || ' ' || as_at_year || ' ' || measure as table_id
    from covered
),

ratios as (
    select
        *,
        case when ratio_status is null then {{ likelihood_ratio(*counts) }} end as ratio,
        case when ratio_status is null then {{ katz_low(*counts) }} end as ratio_low,
        case when ratio_status is null then {{ katz_high(*counts) }} end as ratio_high
    from judged
),

tested as (
    select
        table_id,
        focus,
        focus_base,
        reference,
        reference_base
    from judged
    where ratio_status is null
),

fisher as (
    {{ fisher_two_sided('tested', 'table_id') }}
),

final as (
    select
        ratios.unit_code,
        units.unit_name,
        units.unit_level,
        ratios.as_at_year,
        ratios.measure,
        measures.measure_label,
        measures.measure_order,
        measures.definition,
        'global_majority' as focus_group,
        'white' as reference_group,
        measures.event,
        measures.worse_when,
        -- Two decimals: more would tell how many people the ratio is of.
        round(ratios.ratio::numeric, 2) as ratio,
        round(ratios.ratio_low::numeric, 2) as ratio_low,
        round(ratios.ratio_high::numeric, 2) as ratio_high,
        ratios.ratio_status,
        {{ four_fifths_band('ratios.ratio') }} as four_fifths_band,
        fisher.fisher_p < 0.05 as is_significant,
        ratios.focus as focus_count,
        ratios.focus_status as focus_count_status,
        ratios.reference as reference_count,
        ratios.reference_status as reference_count_status,
        case
            when measures.worse_when = 'below_1'
                then 'Below 1 is worse: Global Majority people are less likely than White people '
            else 'Above 1 is worse: Global Majority people are more likely than White people '
        end || measures.reading || '.' as direction,
        '{{ var('global_majority_definition', 'gm_not_white') }}' as gm_definition,
        ratios.units_counted,
        ratios.units_expected,
        {{ coverage_label('ratios.units_counted', 'ratios.units_expected') }} as coverage_label,
        ratios.is_synthetic,
        case
            when not ratios.is_covered then 'Too few units gave the items for a figure of the area.'
            when ratios.ratio_status = 'c' then 'A count it needs is withheld, or too few people are in the two groups.'
            when ratios.ratio_status = 'z' then 'Not calculable: it happened to nobody of one of the groups.'
        end as note
    from ratios
    inner join {{ ref('dim_reporting_unit') }} as units on ratios.unit_code = units.unit_code
    inner join {{ ref('race_equality_measures') }} as measures on ratios.measure = measures.measure
    left join fisher on ratios.table_id = fisher.table_id
)

select * from final
