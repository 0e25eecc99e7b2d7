{{ config(materialized='view') }}

{%- set items = ['headcount', 'shortlisted', 'appointed', 'entered_disciplinary', 'leavers', 'funded_development'] %}

with cells as (
    {{ protected_cells(
        ref('cells_leadership_headcount'), 'leadership_headcount', 'own',
        ['unit_code', 'as_at_year', 'tier', 'ethnic_group', 'is_synthetic']
    ) }}
),

shares as (
    select
        unit_code,
        as_at_year,
        tier,
        bool_or(is_synthetic) as is_synthetic,
        max(protected_count) filter (where ethnic_group = 'total') as total,
        max(protected_count) filter (where ethnic_group = 'known') as known,
        max(protected_count) filter (where ethnic_group = 'global_majority') as global_majority,
        max(protected_status) filter (where ethnic_group = 'known') as known_status
    from cells
    group by unit_code, as_at_year, tier
),

-- Every role and group an authority gave; the cells have only what may be shown of a single authority.
returned as (
    select * from {{ ref('int_leadership__returned_counts') }}
),

figures as (
    select
        unit_code,
        as_at_year,
        'headcount' as indicator,
        'Social workers' as indicator_label,
        'headcount' as indicator_unit,
        0 as decimals,
        'tier, ethnic_group' as breakdown,
        tier || '|' || ethnic_group as category,
        protected_count as value,
        protected_status as value_status,
        is_synthetic
    from cells
    union all
    select
        unit_code,
        as_at_year,
        'global_majority_share_pct' as indicator,
        'Global Majority, share of those whose ethnicity is known' as indicator_label,
        'percent' as indicator_unit,
        1 as decimals,
        {{ breakdown_of(['tier']) }} as breakdown,
        tier as category,
        trim_scale(round(100 * global_majority / nullif(known, 0), 4)) as value,
        coalesce(known_status, case when known = 0 then 'z' end) as value_status,
        is_synthetic
    from shares
    union all
    select
        unit_code,
        as_at_year,
        'declaration_rate_pct' as indicator,
        'Share of social workers whose ethnicity is known' as indicator_label,
        'percent' as indicator_unit,
        1 as decimals,
        {{ breakdown_of(['tier']) }} as breakdown,
        tier as category,
        trim_scale(round(100 * known / nullif(total, 0), 4)) as value,
        coalesce(known_status, case when total = 0 then 'z' end) as value_status,
        is_synthetic
    from shares
    where tier = 'all'
    {% for item in items %}
        union all
        select
            returned.unit_code,
            returned.as_at_year,
            'returned_{{ item }}' as indicator,
            'As returned: {{ item | replace("_", " ") }}' as indicator_label,
            'headcount' as indicator_unit,
            0 as decimals,
            'tier, ethnic_group' as breakdown,
            lower(returned.returned_tier) || '|' || returned.ethnic_group as category,
            returned.{{ item }} as value,
            case when returned.{{ item }} is null then 'x' end as value_status,
            shares.is_synthetic
        from returned
        inner join shares
            on
                returned.unit_code = shares.unit_code
                and returned.as_at_year = shares.as_at_year
                and shares.tier = 'all'
    {% endfor %}
),

final as (
    select
        unit_code,
        'leadership_in_colour' as collection,
        as_at_year::text as period_label,
        make_date(as_at_year, 9, 30) as period_end,
        indicator,
        indicator_label,
        indicator_unit,
        decimals,
        breakdown,
        category,
        value,
        value_status,
        is_synthetic
    from figures
)

select * from final
