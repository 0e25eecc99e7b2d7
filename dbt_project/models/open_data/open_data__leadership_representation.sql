{{ config(alias='leadership_representation') }}

with figures as (
    select * from {{ ref('int_leadership__representation') }}
    where product in ('published', 'public')
),

final as (
    select
        figures.unit_code,
        units.unit_name,
        units.unit_level,
        figures.as_at_year,
        figures.source,
        figures.tier,
        tiers.tier_label,
        tiers.tier_order,
        figures.ethnic_group,
        {{ leadership_group_label('figures.ethnic_group', 'groups.ethnic_group_label', 'figures.gm_definition') }}
            as ethnic_group_label,
        groups.ethnic_group_order,
        figures.headcount,
        figures.headcount_status,
        figures.share_of_known_pct,
        figures.share_status,
        figures.share_low_pct,
        figures.share_high_pct,
        figures.gap_to_workforce_points,
        figures.representation_index,
        figures.population_share_pct,
        figures.representation_index_population,
        figures.declaration_rate_pct,
        figures.change_since_2019_points,
        figures.change_low_points,
        figures.change_high_points,
        figures.is_carried_forward,
        figures.gm_definition,
        figures.units_counted,
        figures.units_expected,
        {{ coverage_label('figures.units_counted', 'figures.units_expected') }} as coverage_label,
        figures.is_synthetic,
        {{ leadership_unit_note('figures', 'units', []) }} as note
    from figures
    inner join {{ ref('dim_reporting_unit') }} as units on figures.unit_code = units.unit_code
    inner join {{ ref('leadership_tier_codes') }} as tiers on figures.tier = tiers.tier
    inner join {{ ref('leadership_groups') }} as groups on figures.ethnic_group = groups.ethnic_group
)

select * from final
